#!/usr/bin/env bats
# Configurations of hostile images, and the files of theirs that are read for them: nothing of the host is read, made or
# changed, no id wraps around to root, nothing is taken for an order. Each ends with a clear error and leaves nothing, or does no
# harm. containerd's CVE-2024-40635, CVE-2026-46680, CVE-2026-47262 and CVE-2026-53488; CRI-O's CVE-2022-0811, CVE-2024-3154 and
# CVE-2026-15809; Podman's CVE-2026-55686; runc's CVE-2019-16884; Docker's CVE-2019-14271.
load ../imgtool/helpers
load ../imgtool/containers

setup()
{
	new_layout
	bundle=$BATS_TEST_TMPDIR/bundle
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary/directory"
	printf 'root:x:0:0::/from-host:/bin/sh\nevil:x:0:0::/from-host:/bin/sh\n' >"$canary/passwd"
	printf 'root:x:0:\nevil:x:0:\n' >"$canary/group"
	touch -d '2001-02-03 04:05:06' "$canary/passwd" "$canary/directory" "$canary"
	canary_before=$(canary_state)
}

teardown()
{
	equals "$(canary_state)" "$canary_before"
	no_containers
}

canary_state()
{
	find "$canary" -printf '%p %m %U:%G %T@ %s %l\n' | sort
	cat "$canary/passwd" "$canary/group"
}

# image_with FOLDER CONFIG-FILTER: the image v1.
image_with()
{
	rm -f "$layout/index.json"
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_layer "$(tar_of "$1")"
	add_image v1 "$2"
}

# refused TEXT…: unpack fails, says so, and leaves nothing.
refused()
{
	rm -rf "$bundle"
	# No control character of the image's reaches a terminal.
	fails "$@" -- unpack "$layout:v1" "$bundle"
	# shellcheck disable=SC2154 # bats sets it
	[[ $output != *[$'\x01'-$'\x09'$'\x0b'-$'\x1f'$'\x7f']* ]]
	equals "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '*bundle*')" ""
}

# taken: unpack succeeds.
taken()
{
	rm -rf "$bundle"
	run -0 timeout 20 "$IMGTOOL" unpack "$layout:v1" "$bundle"
}

has()
{
	equals "$(jq -c "$1" "$bundle/config.json")" "$2"
}

# passwd_tree: $folder is a folder for a root file system with an empty /etc.
passwd_tree()
{
	folder=$(tree)
	chmod 755 "$folder"
	mkdir "$folder/etc"
}

@test "users: no id wraps around, no digits are a name, no name is guessed" {
	local user
	passwd_tree
	printf '%s\n' '4294967296:x:0:0::/:' '2147483648:x:0:0::/:' '-1:x:0:0::/:' '65536:x:0:0::/:' 'big:x:4294967296:0::/:' \
		'minus:x:-1:0::/:' 'biggroup:x:5:4294967295::/:' >"$folder/etc/passwd"
	printf '%s\n' '2147483648:x:0:' 'big:x:4294967296:' >"$folder/etc/group"
	for user in 4294967296 4294967295 2147483648 18446744073709551616 99999999999999999999999999 1:4294967296 1:2147483648; do
		image_with "$folder" ".config.User = \"$user\""
		refused "is out of range"
	done
	for user in big minus biggroup 1:big; do
		image_with "$folder" ".config.User = \"$user\""
		refused "ids must be 0 to 2147483647"
	done
	for user in root +0 0x0 ' 0' '0 ' 1e3 nobody '٠' 1:2:3 0:root; do
		image_with "$folder" ".config.User = \"$user\""
		refused "of the image"
	done
	image_with "$folder" '.config.User = ":0"'
	refused "names a group only"
	image_with "$folder" '.config.User = "65536"'
	taken
	has .process.user '{"uid":65536,"gid":0}'
	for user in '["root"]' 0 '{}' true; do
		image_with "$folder" ".config.User = $user"
		refused "User"
	done
}

@test "control characters in User, WorkingDir, Env, HOME, Volumes" {
	passwd_tree
	printf 'root:x:0:0::/root\r\033]0;x\007:/bin/sh\n' >"$folder/etc/passwd"
	image_with "$folder" .
	refused "control character in the home directory"
	passwd_tree
	image_with "$folder" '.config.User = "0\n0"'
	refused "control character"
	image_with "$folder" '.config.User = "\u001b[2J"'
	refused "control character"
	image_with "$folder" '.config.WorkingDir = "/a\u001b[2J"'
	refused "WorkingDir: control character"
	image_with "$folder" '.config.Env = ["A\nB=1"]'
	refused "control character in the name"
	image_with "$folder" '.config.Env = ["HOME=/\nroot::0:0::/:/bin/sh"]'
	refused "HOME" "control character in the value"
	image_with "$folder" '.config.Env = ["PATH=/bin\r"]'
	refused "PATH" "control character in the value"
	image_with "$folder" '.config.Volumes = {"/a\u0007": {}}'
	refused "Volumes: control character"
	image_with "$folder" '.config.Env = ["=x"]'
	refused "has no name"
	image_with "$folder" '.config.Env = ["A\u0000=1"]'
	refused "NUL"
	image_with "$folder" '.config.Cmd = ["/bin/sh\u0000"]'
	refused "NUL"
	# What has several lines for a reason stays.
	image_with "$folder" '.config.Env = ["KEY=-----BEGIN\nx\n-----END"]'
	taken
	has '.process.env[2]' '"KEY=-----BEGIN\nx\n-----END"'
}

@test "labels give no orders" {
	passwd_tree
	image_with "$folder" '.config.Labels = {"run.oci.handler": "wasm", "run.oci.hooks.stderr": "/etc/shadow",
		"run.oci.seccomp.receiver": "/run/x", "org.systemd.property.ExecStopPost": "[(\"/bin/sh\",)]",
		"org.systemd.property.TimeoutStopUSec": "uint64 1", "org.criu.config": "/etc/criu.conf",
		"containerd.io/restart.loguri": "binary:///bin/sh?-c=id", "io.containerd.runc.v2.x": "x",
		"io.kubernetes.cri-o.LogPath": "/etc/passwd", "io.podman.annotations.init": "TRUE",
		"nerdctl/log-uri": "binary:///bin/sh", "krun.cpus": "9", "module.wasm.image/variant": "compat",
		"io.katacontainers.config.hypervisor.path": "/bin/sh", "cdi.k8s.io/x": "vendor.com/device=all",
		"org.opencontainers.image.stopSignal": "SIGKILL", "harmless": "kept"}'
	taken
	output_has "the image's label 'run.oci.handler' is left out"
	has '.annotations | keys' '["harmless","org.opencontainers.image.architecture","org.opencontainers.image.created","org.opencontainers.image.os","org.opencontainers.image.stopSignal"]'
	has .hooks null
	has '.process | keys' '["args","capabilities","cwd","env","oomScoreAdj","user"]'
}

@test "fields that are none of an image's change nothing" {
	passwd_tree
	image_with "$folder" '.config += {Hooks: {Prestart: ["/bin/sh"]}, Privileged: true, CapAdd: ["ALL"], Memory: -1, Binds: ["/:/host"],
		HostConfig: {Privileged: true}, SecurityOpt: ["seccomp=unconfined"], Annotations: {"run.oci.handler": "x"}, OnBuild: ["RUN x"]}
		| .annotations = {"run.oci.handler": "x"} | .hooks = {} | .linux = {namespaces: []}'
	taken
	has '.process.capabilities.bounding | length' 14
	has '[.linux.namespaces[].type] | sort' '["cgroup","ipc","mount","network","pid","uts"]'
	has '.linux.seccomp.defaultAction' '"SCMP_ACT_ERRNO"'
	has '.mounts | length' 7
	has .hooks null
}

@test "passwd and group that are links out of the image are those of nobody" {
	local target
	for target in "$canary/passwd" "../../../../../../../../../../../..$canary/passwd" "/proc/self/root$canary/passwd" \
		/proc/self/fd/0 /dev/stdin; do
		passwd_tree
		ln -s "$target" "$folder/etc/passwd"
		ln -s "${target%passwd}group" "$folder/etc/group"
		image_with "$folder" '.config.User = "evil"'
		refused "'evil' is not in /etc/passwd"
		image_with "$folder" .
		taken
		has '.process.env | map(select(startswith("HOME")))' '["HOME=/"]'
	done
	folder=$(tree)
	ln -s "../../../../../../../../../..$canary" "$folder/etc"
	image_with "$folder" '.config.User = "evil"'
	refused "'evil' is not in /etc/passwd"
}

@test "a passwd that is a FIFO, a device, a directory or a circle is not opened" {
	local kind
	[ "$(id -u)" -eq 0 ] || skip "device nodes need root"
	for kind in fifo zero console directory loop; do
		passwd_tree
		case $kind in
		fifo) mkfifo "$folder/etc/passwd" ;;
		zero) mknod "$folder/etc/passwd" c 1 5 ;;
		console) mknod "$folder/etc/passwd" c 5 1 ;;
		directory) mkdir "$folder/etc/passwd" ;;
		loop) ln -s passwd "$folder/etc/passwd" ;;
		esac
		image_with "$folder" '.config.User = "0"'
		refused "/etc/passwd of the image"
		image_with "$folder" '.config.User = "name"'
		refused "/etc/passwd of the image"
	done
}

@test "a passwd of 100 MB, and a group with all there are, cost neither time nor memory" {
	passwd_tree
	head -c 100M /dev/zero | tr '\0' 'a' >"$folder/etc/passwd"
	image_with "$folder" '.config.User = "app"'
	refused "/etc/passwd" "larger than 4194304 bytes"
	passwd_tree
	truncate -s 10G "$folder/etc/passwd"
	add_layer "$(tar_of "$folder" --sparse)"
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_image v1
	refused "larger than 4194304 bytes"
	passwd_tree
	echo 'app:x:1:1::/:' >"$folder/etc/passwd"
	seq 1 70000 | sed 's/.*/g&:x:&:app/' >"$folder/etc/group"
	image_with "$folder" '.config.User = "app"'
	refused "more than 65536 groups"
	passwd_tree
	yes :: | head -c 4194304 >"$folder/etc/passwd"
	image_with "$folder" '.config.User = "app"'
	refused "'app' is not in"
}

@test "configurations of great size" {
	passwd_tree
	image_with "$folder" '.config.Labels = ([range(20000) | {key: "l\(.)", value: ""}] | from_entries)'
	refused "Labels has 20000 entries"
	image_with "$folder" '.config.Env = [range(20000) | "E\(.)="]'
	refused "Env has 20000 entries"
	image_with "$folder" '.config.Volumes = ([range(20000) | {key: "/v\(.)", value: {}}] | from_entries)'
	refused "Volumes has 20000 entries"
	image_with "$folder" '.config.ExposedPorts = ([range(20000) | {key: "\(.)/tcp", value: {}}] | from_entries)'
	refused "ExposedPorts has 20000 entries"
	image_with "$folder" '.config.Env = ["A=" + ("x" * 5000000)]'
	refused
}

@test "a working directory through a link out of the image is made in the image" {
	[ "$(id -u)" -eq 0 ] || skip "a container needs root"
	folder=$(tree)
	chmod 755 "$folder"
	busybox_tree "$folder"
	ln -s "$canary" "$folder/absolute"
	ln -s ../../../../../../../../../.. "$folder/up"
	ln -s /proc/self/root "$folder/magic"
	image_with "$folder" '.config.WorkingDir = "/absolute/new"'
	refused "make directory /absolute/new" "no such file or directory"
	image_with "$folder" ".config.WorkingDir = \"/up$canary/new\""
	taken
	[ -d "$bundle/rootfs$canary/new" ]
	image_with "$folder" ".config.WorkingDir = \"/../../../../../..$canary/../new\""
	taken
	[ -d "$bundle/rootfs$BATS_TEST_TMPDIR/new" ]
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
	image_with "$folder" ".config.WorkingDir = \"/magic$canary/new\""
	refused "make directory"
	image_with "$folder" '.config.WorkingDir = "/bin/busybox/x"'
	refused "not a directory"
}

@test "volumes are directories in the image, and hide nothing of the runtime's" {
	[ "$(id -u)" -eq 0 ] || skip "a container needs root"
	folder=$(tree)
	chmod 755 "$folder"
	busybox_tree "$folder"
	ln -s "$canary" "$folder/out"
	image_with "$folder" '.config.Volumes = {"/../../../../../etc/x": {}, "/proc": {}, "/proc/self/attr": {}, "/sys": {}, "/dev": {}, "/": {}, "//proc": {}, "..": {}}'
	taken
	has '.mounts | length' 7
	equals "$(find "$bundle/rootfs" -maxdepth 1 -name '[dps]*' | sort)" ""
	rm -rf "$bundle"
	run -0 timeout 20 "$IMGTOOL" unpack --read-only "$layout:v1" "$bundle"
	has '.mounts | length' 7
	image_with "$folder" '.config.Volumes = {"/out/x": {}}'
	refused "make directory /out/x"
}

@test "a hostile environment and command stay words" {
	need_runtime orun
	folder=$(tree)
	chmod 755 "$folder"
	busybox_tree "$folder"
	image_with "$folder" '.config = {Cmd: ["/bin/sh", "-c", "printf %s \"$A\""], Env: ["A=$(id) `id` ; \u0027\"\\ é"]}'
	taken
	run_bundle orun "$bundle"
	equals "$output" "\$(id) \`id\` ; '\"\\ é"
}
