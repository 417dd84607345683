#!/usr/bin/env bats
# imgtool unpack: config.json from the image and from options as docker run has them, bundles that every runtime runs,
# and nothing left when it does not come to the end.
load helpers
load containers
load ../docker

setup_file()
{
	start_docker
}

teardown_file()
{
	stop_docker
}

setup()
{
	new_layout
	bundle=$BATS_TEST_TMPDIR/bundle
}

teardown()
{
	no_containers
}

# unpack ARGUMENT…: the image v1 into $bundle, anew.
unpack()
{
	rm -rf "$bundle"
	# shellcheck disable=SC2154 # new_layout sets it
	imgtool --quiet unpack "$layout:v1" "$bundle" "$@"
}

# config_has JQ-FILTER EXPECTED: of config.json, compact.
config_has()
{
	equals "$(jq -c "$1" "$bundle/config.json")" "$2"
}

# nothing_left: neither the bundle nor what was to become it.
nothing_left()
{
	equals "$(find "$(dirname "$bundle")" -maxdepth 1 -name '*bundle*')" ""
}

# ---- config.json ----

@test "the image says what runs, and with what" {
	busybox_image v1 '.config = {Entrypoint: ["/bin/echo", "-n"], Cmd: ["a", "b c"], Env: ["A=1", "PATH=/bin"], User: "app",
		WorkingDir: "/srv/app", StopSignal: "SIGINT", ExposedPorts: {"80/tcp": {}, "53/udp": {}}, Labels: {l: "x"}}'
	unpack
	config_has .process.args '["/bin/echo","-n","a","b c"]'
	config_has .process.env '["PATH=/bin","HOSTNAME=bundle","A=1","HOME=/home/app"]'
	config_has .process.user '{"uid":1000,"gid":1001,"additionalGids":[1001,2000]}'
	config_has .process.cwd '"/srv/app"'
	config_has '.annotations | [.["org.opencontainers.image.stopSignal"], .["org.opencontainers.image.exposedPorts"], .l]' \
		'["SIGINT","80/tcp,53/udp","x"]'
	config_has '.annotations["org.opencontainers.image.created"]' '"2020-01-02T03:04:05Z"'
	config_has .root '{"path":"rootfs"}'
	[ -d "$bundle/rootfs/srv/app" ]
}

@test "arguments, --entrypoint" {
	busybox_image v1 '.config = {Entrypoint: ["/bin/echo", "-n"], Cmd: ["a"]}'
	unpack -- x -y
	config_has .process.args '["/bin/echo","-n","x","-y"]'
	unpack --entrypoint /bin/sh
	config_has .process.args '["/bin/sh"]'
	unpack --entrypoint /bin/sh -- -c 'echo a  b'
	config_has .process.args '["/bin/sh","-c","echo a  b"]'
	unpack --entrypoint= -- /bin/true
	config_has .process.args '["/bin/true"]'
	rm -rf "$bundle"
	fails "leaves nothing to run" "IMAGE BUNDLE -- PROGRAM" -- unpack --entrypoint '' "$layout:v1" "$bundle"
	nothing_left
}

@test "--env, --env-file" {
	busybox_image v1 '.config.Env = ["A=image", "B=image"]'
	# shellcheck disable=SC2154 # new_layout sets it
	printf '# no\n\nB=file\nFROM_HERE\nNOT_HERE\n' >"$scratch/variables"
	FROM_HERE=here unpack --env C=x=y --env D= --env FROM_HERE2 -e A=mine --env-file "$scratch/variables"
	config_has '.process.env[2:]' '["A=mine","B=file","FROM_HERE=here","C=x=y","D=","HOME=/root"]'
	rm -rf "$bundle"
	fails "none" -- unpack --env-file "$scratch/none" "$layout:v1" "$bundle"
	nothing_left
}

@test "--user, --workdir, --hostname, --tty, --read-only" {
	busybox_image v1 '.config.User = "app"'
	unpack --user 5:extra --workdir /w/x --hostname web --tty --read-only
	config_has .process.user '{"uid":5,"gid":2000}'
	config_has .process.cwd '"/w/x"'
	config_has .hostname '"web"'
	config_has .process.terminal true
	config_has '.process.env[1:]' '["HOSTNAME=web","TERM=xterm","HOME=/"]'
	config_has .root.readonly true
	[ -d "$bundle/rootfs/w/x" ]
	unpack --user 0
	config_has .process.user '{"uid":0,"gid":0}'
	rm -rf "$bundle"
	fails "--user" "'nobody' is not in /etc/passwd of the image" -- unpack --user nobody "$layout:v1" "$bundle"
	fails "is not an absolute path" -- unpack --workdir w "$layout:v1" "$bundle"
	nothing_left
}

@test "--volume, --tmpfs" {
	busybox_image v1
	unpack --volume /etc:/host/etc:ro --volume /tmp:/host --tmpfs /run:size=1m,exec
	config_has '.mounts[-3:] | map([.destination, .type, .source, (.options | join(","))])' \
		'[["/host","bind","/tmp","rbind,rprivate"],["/run","tmpfs","tmpfs","noexec,nosuid,nodev,size=1m,exec"],["/host/etc","bind","/etc","rbind,ro,rprivate"]]'
	rm -rf "$bundle"
	fails "no named volumes" -- unpack --volume data:/data "$layout:v1" "$bundle"
	nothing_left
}

@test "--memory, --cpus, --pids-limit" {
	busybox_image v1
	unpack --memory 64m --cpus 1.5 --pids-limit 100
	config_has '.linux.resources | [.memory.limit, .memory.swap, .cpu.quota, .cpu.period, .pids.limit]' \
		'[67108864,134217728,150000,100000,100]'
	rm -rf "$bundle"
	fails "--memory: invalid size '64x'" -- unpack --memory 64x "$layout:v1" "$bundle"
	fails "--cpus 'many'" -- unpack --cpus many "$layout:v1" "$bundle"
	# Before anything is unpacked.
	[[ $output != *Extracting* ]]
	nothing_left
}

@test "--cap-add, --cap-drop, --security-opt, --network, --annotation" {
	busybox_image v1
	unpack --cap-drop ALL --cap-add chown --security-opt no-new-privileges --security-opt apparmor=mine \
		--security-opt label=type:mine_t --security-opt seccomp=unconfined --network host --annotation run.oci.handler=x
	config_has .process.capabilities.bounding '["CAP_CHOWN"]'
	config_has '.process | [.noNewPrivileges, .apparmorProfile, .selinuxLabel]' '[true,"mine","system_u:system_r:mine_t:s0"]'
	config_has .linux.seccomp null
	config_has '[.linux.namespaces[].type] | contains(["network"])' false
	config_has '.hostname' null
	config_has '.annotations["run.oci.handler"]' '"x"'
	unpack --network /proc/self/ns/net
	config_has '.linux.namespaces | map(select(.type == "network"))' '[{"type":"network","path":"/proc/self/ns/net"}]'
	rm -rf "$bundle"
	fails "'bridge': expected host, none" -- unpack --network bridge "$layout:v1" "$bundle"
	fails "seccomp=FILE" -- unpack --security-opt seccomp "$layout:v1" "$bundle"
	nothing_left
}

@test "--security-opt seccomp=FILE takes Docker's form" {
	busybox_image v1
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}], "syscalls": [
		{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
		{"names": ["unlink"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}' >"$scratch/profile"
	unpack --security-opt "seccomp=$scratch/profile"
	config_has '.linux.seccomp.syscalls | map(.names[0])' '["mkdir"]'
	unpack --security-opt "seccomp=$scratch/profile" --cap-add SYS_ADMIN
	config_has '.linux.seccomp.syscalls | map(.names[0])' '["unlink"]'
}

@test "the image's volumes are directories, and can be written with a read-only root too" {
	busybox_image v1 '.config.Volumes = {"/data": {}, "/tmp": {}, "/sys/fs/cgroup": {}}'
	unpack
	[ -d "$bundle/rootfs/data" ]
	config_has '.mounts | length' 7
	unpack --read-only
	config_has '.mounts[7:] | map([.destination, .type, .options[-3:]])' \
		'[["/data","tmpfs",["mode=0755","uid=0","gid=0"]],["/tmp","tmpfs",["mode=1777","uid=0","gid=0"]]]'
}

# ---- containers ----

# What a container can tell of itself.
# shellcheck disable=SC2016 # variables of the container's shell
readonly tell='id -u; id -g; id -G; pwd; hostname; echo $HOME $A; ls /sys/class/net
grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\t"
unshare -U true 2>/dev/null || echo no namespaces
[ -e /proc/1/exe ] && echo $$; wc -c </proc/keys; cat /proc/sys/kernel/domainname >/dev/null && echo read
echo x 2>/dev/null >/proc/sys/kernel/domainname || echo no sysctl
cat /proc/sys/net/ipv4/ip_unprivileged_port_start'

@test "a container of the image is as Docker's would be, under orun, runc and crun" {
	need_runtime orun
	busybox_image v1 '.config = {Env: ["A=image"], WorkingDir: "/srv"}'
	unpack --entrypoint /bin/sh -- -c "$tell"
	same_under_all "$bundle" "0
0
0
/srv
bundle
/root image
lo
CapEff:00000000a80425fb
CapBnd:00000000a80425fb
NoNewPrivs:0
Seccomp:2
no namespaces
1
0
read
no sysctl
0"
}

@test "options change what the container has, under orun, runc and crun" {
	need_runtime orun
	busybox_image v1 '.config = {Volumes: {"/data": {}}, User: "app"}'
	mkdir "$scratch/host"
	echo content >"$scratch/host/file"
	# shellcheck disable=SC2016 # variables of the container's shell
	unpack --read-only --volume "$scratch/host:/host:ro" --tmpfs /small:size=1m,uid=7 --hostname web --user 7:8 \
		--cap-drop ALL --security-opt no-new-privileges --workdir /w --env A=mine --entrypoint /bin/sh -- -c \
		'id -u; id -g; pwd; hostname; echo $A $HOSTNAME; cat /host/file
		echo x 2>/dev/null >/host/new || echo volume read-only; echo x 2>/dev/null >/new || echo root read-only
		echo x >/small/new && echo tmpfs written; stat -c "%u:%g" /data /small
		grep -E "^(CapBnd|NoNewPrivs):" /proc/self/status | tr -d "\t"'
	same_under_all "$bundle" "7
8
/w
web
mine web
content
volume read-only
root read-only
tmpfs written
0:0
7:0
CapBnd:0000000000000000
NoNewPrivs:1"
	equals "$(ls "$scratch/host")" file
}

@test "a user's volumes keep owner and content with a read-only root, under orun, runc and crun" {
	local folder
	need_runtime orun
	folder=$(tree)
	chmod 755 "$folder"
	busybox_tree "$folder"
	mkdir "$folder/data"
	echo seed >"$folder/data/seed"
	chown -R 1000:1001 "$folder/data"
	chmod 700 "$folder/data"
	add_layer "$(tar_of "$folder")"
	add_image v1 '.config = {Volumes: {"/data": {}}, User: "app"}'
	unpack --read-only --entrypoint /bin/sh -- -c 'cat /data/seed; stat -c "%a %u:%g" /data /data/seed
		echo more >/data/more && cat /data/more'
	same_under_all "$bundle" "seed
700 1000:1001
644 1000:1001
more"
	[ ! -e "$bundle/rootfs/data/more" ]
}

@test "limits hold" {
	local runtime
	need_runtime orun
	[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ] || skip "the names of the files are those of cgroup v1"
	busybox_image v1
	unpack --memory 64m --cpus 0.5 --pids-limit 20 -- /bin/sh -c 'cd /sys/fs/cgroup
		cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max'
	for runtime in orun runc; do
		need_runtime "$runtime"
		run_bundle "$runtime" "$bundle"
		equals "$runtime $(tr '\n' ' ' <<<"$output")" "$runtime 67108864 134217728 50000 20 "
	done
}

@test "with the host's network the container has the host's interfaces and names" {
	need_runtime orun
	busybox_image v1
	unpack --network host -- /bin/sh -c 'readlink /proc/self/ns/net; cat /etc/hosts; hostname'
	same_under_all "$bundle" "$(readlink /proc/self/ns/net; cat /etc/hosts; hostname)"
}

@test "an image that Docker has built and saved is unpacked and runs" {
	need_docker
	need_runtime orun
	docker_base base
	mkdir "$scratch/context"
	cat >"$scratch/context/Dockerfile" <<'TEXT'
FROM base
RUN echo app:x:1000:1001::/home/app:/bin/sh >>/etc/passwd && mkdir -p /srv/app && echo old >/srv/app/old
RUN rm /srv/app/old && echo new >/srv/app/new && chown 1000:1001 /srv/app/new && ln /srv/app/new /srv/app/hard
ENV GREETING="hello world"
WORKDIR /srv/app
VOLUME /data
USER app
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo $GREETING; id -u; pwd; ls; stat -c '%h %U' new"]
TEXT
	docker build -q -t built "$scratch/context" >/dev/null
	docker save -o "$scratch/built.tar" built
	imgtool -q unpack "docker-archive:$scratch/built.tar:built:latest" "$bundle"
	same_under_all "$bundle" "hello world
1000
/srv/app
hard
new
2 app"
	[ -d "$bundle/rootfs/data" ]
}

# ---- all or nothing ----

@test "a bundle is a new directory or an empty one" {
	busybox_image v1
	mkdir "$bundle"
	imgtool -q unpack "$layout:v1" "$bundle"
	[ -e "$bundle/config.json" ]
	equals "$(stat -c %a "$bundle")" 700
	fails "it must not exist, or be an empty directory" -- unpack "$layout:v1" "$bundle"
	fails "no such file or directory" -- unpack "$layout:v1" "$bundle-not/bundle"
	[ -e "$bundle/config.json" ]
	rm -r "$bundle"
	echo mine >"$bundle"
	fails "it must not exist, or be an empty directory" -- unpack "$layout:v1" "$bundle"
	equals "$(cat "$bundle")" mine
	rm "$bundle"
	nothing_left
}

@test "--rootfs-only makes no config.json and asks nothing of the image's user" {
	busybox_image v1 '.config = {User: "nobody-at-all"}'
	fails "'nobody-at-all' is not in" -- unpack "$layout:v1" "$bundle" -- sh
	nothing_left
	imgtool -q unpack --rootfs-only "$layout:v1" "$bundle"
	[ -x "$bundle/rootfs/bin/busybox" ]
	[ ! -e "$bundle/config.json" ]
}

@test "--max-size bounds a layer, and all of them together" {
	local folder
	for name in a b; do
		folder=$(tree)
		head -c 3M /dev/zero >"$folder/$name"
		add_layer "$(tar_of "$folder")"
	done
	add_image v1
	fails "layer 1" -- unpack --max-size 2m "$layout:v1" "$bundle"
	fails "more than 5242880 bytes" -- unpack --max-size 5m "$layout:v1" "$bundle"
	nothing_left
	imgtool -q unpack --max-size 7m "$layout:v1" "$bundle"
	fails "--max-size: invalid size 'x'" -- unpack --max-size x "$layout:v1" "$bundle-2"
	fails "--max-size: nothing has no bytes" -- unpack --max-size 0 "$layout:v1" "$bundle-2"
}

@test "--platform chooses from an index" {
	busybox_image v1
	fails "arm64" -- unpack --platform linux/arm64 "$layout:v1" "$bundle"
	fails "platform 'linux'" -- unpack --platform linux "$layout:v1" "$bundle"
	nothing_left
	imgtool -q unpack --platform linux/amd64 "$layout:v1" "$bundle"
}

# large_image: one that takes a while.
large_image()
{
	local folder i
	folder=$(tree)
	for i in {1..40}; do
		mkdir "$folder/$i"
		(cd "$folder/$i" && seq 500 | xargs touch)
	done
	add_layer "$(tar_of "$folder")"
	add_image v1
}

# begin_unpacking: in the background; $unpacking is its process, which has begun to write files.
begin_unpacking()
{
	# The shell has its background processes ignore SIGINT.
	env --default-signal=INT "$IMGTOOL" -q unpack "$layout:v1" "$bundle" >"$scratch/said" 2>&1 3>&- </dev/null &
	unpacking=$!
	for _ in {1..500}; do
		[ -z "$(find "$BATS_TEST_TMPDIR" -path '*.imgtool-*/rootfs/1')" ] || return 0
		sleep 0.005
	done
	return 1
}

@test "a signal leaves nothing" {
	local signal unpacking
	large_image
	for signal in INT TERM HUP; do
		begin_unpacking
		kill -s "$signal" "$unpacking"
		status=0
		wait "$unpacking" || status=$?
		equals "$signal $status" "$signal $((128 + $(kill -l "$signal")))"
		nothing_left
	done
}

@test "what a killed process left is removed by the next" {
	local unpacking
	large_image
	begin_unpacking
	kill -s KILL "$unpacking"
	wait "$unpacking" || true  # it was killed
	[ ! -e "$bundle" ]
	[ -n "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.bundle.imgtool-*')" ]
	imgtool -q unpack "$layout:v1" "$bundle" -- /bin/true
	equals "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '*bundle*')" "$bundle"
	equals "$(find "$bundle/rootfs" -type f | wc -l)" 20000
}

@test "of two at the same time one makes the bundle" {
	local first second
	large_image
	begin_unpacking
	first=$unpacking
	begin_unpacking
	second=$unpacking
	status=0
	wait "$first" || status=1
	wait "$second" || status=$((status + 2))
	[ "$status" = 1 ] || [ "$status" = 2 ]
	equals "$(find "$bundle/rootfs" -type f | wc -l)" 20000
	equals "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.bundle*')" ""
}
