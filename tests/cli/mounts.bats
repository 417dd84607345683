#!/usr/bin/env bats
# orun mounts: mounts that come and go while the container is there.
# shellcheck disable=SC2016 # variables of other shells
load helpers

setup()
{
	make_bundle
	configure '.root.readonly = false'
	mkdir "$BATS_TEST_TMPDIR/source"
	echo from-the-host >"$BATS_TEST_TMPDIR/source/file"
}

teardown() { remove_containers; }

# With the program that the bundle has, which lives on.
create_it()
{
	timeout 60 "$ORUN" --root "$state" create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	}
}

start_it()
{
	create_it
	orun start "$id"
	pid=$(pid_of "$id")
}

in_user_namespace()
{
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chown -R 100000:100000 "$bundle/rootfs"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
}

# seen PATH: what the container has there; by its own root, and so with its own mounts.
seen()
{
	cat "/proc/$pid/root$1"
}

options_of()
{
	awk -v at="$1" '$5 == at { options = $6 } END { print options }' "/proc/$pid/mountinfo"
}

mounted_at()
{
	awk -v at="$1" '$5 == at' "/proc/$pid/mountinfo" | wc -l
}

@test "mounts add: a directory and a file of the host are bound" {
	start_it
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /new/directory
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source/file" --destination /etc/new-file --type bind
	equals "$(seen /new/directory/file)" from-the-host
	equals "$(seen /etc/new-file)" from-the-host
	equals "$(grep -c "$BATS_TEST_TMPDIR" /proc/self/mountinfo)" 0
}

@test "mounts add: what is mounted has its options from the first moment on" {
	start_it
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /mnt --options ro,nosuid --options nodev,noexec
	local options
	options=$(options_of /mnt)
	for word in ro nosuid nodev noexec; do
		[[ ,$options, == *,$word,* ]]
	done
	run ! touch "/proc/$pid/root/mnt/new"
	touch "$BATS_TEST_TMPDIR/source/on-the-host"
}

@test "mounts add: recursive options reach what is mounted beneath" {
	start_it
	unshare -m --propagation private bash -euc '
		mkdir "$1/inner" && mount -t tmpfs none "$1/inner"
		cd "$2" && "$3" --root "$4" mounts add "$5" --source "$1" --destination /mnt --options rbind,rro' \
		- "$BATS_TEST_TMPDIR/source" "$bundle" "$ORUN" "$state" "$id"
	[[ ,$(options_of /mnt), == *,ro,* && ,$(options_of /mnt/inner), == *,ro,* ]]
}

@test "mounts add: tmpfs, with the mode of what it covers" {
	mkdir -m 1755 "$bundle/rootfs/cover"
	echo covered >"$bundle/rootfs/cover/file"
	start_it
	orun mounts add "$id" --type tmpfs --destination /cover --options size=64k,noexec
	equals "$(stat -c %a "/proc/$pid/root/cover")" 1755
	equals "$(find "/proc/$pid/root/cover" -mindepth 1)" ""
	[[ ,$(options_of /cover), == *,noexec,* ]]
	grep " /cover " "/proc/$pid/mountinfo" | grep -q size=64k
}

@test "mounts add: a read-only tmpfs with a copy of what it covers" {
	mkdir "$bundle/rootfs/cover"
	echo covered >"$bundle/rootfs/cover/file"
	start_it
	orun mounts add "$id" --type tmpfs --destination /cover --options ro,tmpcopyup
	equals "$(seen /cover/file)" covered
	run ! touch "/proc/$pid/root/cover/new"
}

@test "mounts add: overlay" {
	mkdir "$BATS_TEST_TMPDIR"/{upper,work}
	start_it
	# The container's name for the layers does not matter: the host's does.
	mount -t tmpfs none "$BATS_TEST_TMPDIR/upper"
	mkdir "$BATS_TEST_TMPDIR"/upper/{u,w}
	run orun mounts add "$id" --type overlay --source overlay --destination /mnt \
		--options "lowerdir=$BATS_TEST_TMPDIR/source,upperdir=$BATS_TEST_TMPDIR/upper/u,workdir=$BATS_TEST_TMPDIR/upper/w"
	umount -l "$BATS_TEST_TMPDIR/upper"
	equals "$status $output" "0 "
	equals "$(seen /mnt/file)" from-the-host
}

@test "mounts add: proc and sysfs show the container's namespaces" {
	start_it
	orun mounts add "$id" --type proc --source proc --destination /newproc
	orun mounts add "$id" --type sysfs --source sysfs --destination /newsys
	equals "$(readlink "/proc/$pid/root/newproc/1/ns/pid")" "$(readlink "/proc/$pid/ns/pid")"
	equals "$(ls "/proc/$pid/root/newsys/class/net")" lo
}

@test "mounts add: a created container, and a paused one" {
	create_it
	pid=$(pid_of "$id")
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /first
	orun start "$id"
	equals "$(seen /first/file)" from-the-host
	orun pause "$id"
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /second
	orun mounts remove "$id" --destination /first
	orun resume "$id"
	equals "$(seen /second/file)" from-the-host
	equals "$(mounted_at /first)" 0
}

@test "mounts add: in a user namespace, with files of the host's ids and with an idmap" {
	in_user_namespace
	start_it
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /plain
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /mapped --options bind,idmap
	orun mounts add "$id" --type tmpfs --destination /tmp/new
	equals "$(stat -c %u:%g "/proc/$pid/root/plain/file")" 0:0
	equals "$(stat -c %u:%g "/proc/$pid/root/mapped/file")" 100000:100000
	equals "$(stat -c %u:%g "/proc/$pid/root/tmp/new")" 100000:100000
	# What is made for a destination is the container's.
	equals "$(stat -c %u:%g "$bundle/rootfs/plain")" 100000:100000
	equals "$(nsenter -t "$pid" -U -m -- /bin/busybox stat -c %u /mapped/file)" 0
	orun mounts remove "$id" --destination /mapped
	equals "$(mounted_at /mapped)" 0
}

@test "mounts add: a file of several, all or none" {
	start_it
	cat >"$bundle/mounts.json" <<-EOT
		[{"destination": "/one", "type": "bind", "source": "$BATS_TEST_TMPDIR/source", "options": ["bind", "ro"]},
		 {"destination": "/two", "type": "tmpfs"}]
	EOT
	orun mounts add "$id" mounts.json
	equals "$(seen /one/file)" from-the-host
	equals "$(mounted_at /one) $(mounted_at /two)" "1 1"
	orun mounts remove "$id" mounts.json
	equals "$(mounted_at /one) $(mounted_at /two)" "0 0"
	# /bin/sh is no directory to make another in.
	jq '.[1].destination = "/bin/busybox/x"' <"$bundle/mounts.json" >"$bundle/bad.json"
	run orun mounts add "$id" bad.json
	equals "$status" 1
	output_has "mounts add: mounts[1]: /bin/busybox/x"
	equals "$(mounted_at /one)" 0
}

@test "mounts add: relative sources: of a file from the bundle, of --source from here" {
	start_it
	mkdir "$bundle/beside"
	echo bundle >"$bundle/beside/file"
	echo '[{"destination": "/one", "type": "bind", "source": "beside"}]' >"$bundle/mounts.json"
	cd "$BATS_TEST_TMPDIR"
	"$ORUN" --root "$state" mounts add "$id" bundle/mounts.json
	equals "$(seen /one/file)" bundle
	"$ORUN" --root "$state" mounts add "$id" --source source --destination /two
	equals "$(seen /two/file)" from-the-host
}

@test "mounts: what is wrong is told" {
	run orun mounts add "$id" --source / --destination /x
	equals "$status" 1
	output_has "container $id does not exist"
	start_it
	try()
	{
		local expected=$1
		shift
		run orun mounts "$@"
		equals "$status" 1
		output_has "$expected"
	}
	echo '{}' >"$bundle/object.json"
	echo '[{"type": "tmpfs"}]' >"$bundle/no-destination.json"
	echo '[], "process": {"args": 7}' >"$bundle/more.json"
	try "is none of add, remove and list" move "$id" --destination /x
	try "either FILE or --destination" add "$id"
	try "either FILE or --destination" add "$id" object.json --destination /x
	try "FILE says all" add "$id" object.json --type tmpfs
	try "expected a JSON array of mounts" add "$id" object.json
	try "mounts[0].destination: required" add "$id" no-destination.json
	try "more.json" add "$id" more.json
	try "does not exist" add "$id" --source /absent --destination /x
	try "no such file or directory" add "$id" absent.json
	try "the root itself" add "$id" --source / --destination //.
	try "source: required" add "$id" --destination /x
	try "cannot be changed" add "$id" --destination /proc --options remount,ro
	try "no such file system" add "$id" --type nonsense --destination /x
	try "size=nonsense" add "$id" --type tmpfs --destination /x --options size=nonsense
	try "longer than 255 bytes" add "$id" --type tmpfs --destination /x --options "size=$(printf '%0300d' 7)"
	try "is made at the start" add "$id" --type cgroup --destination /x
	try "no such file or directory" remove "$id" --destination /absent
	try "is not a mount point" remove "$id" --destination /bin
	try "is neither table nor json" list "$id" --format xml
	equals "$(mounted_at /x)" 0
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	try "container not running" add "$id" --source / --destination /x
	try "container not running" remove "$id" --destination /x
	try "container not running" list "$id"
}

@test "mounts remove: only what was added, never the root" {
	add_mount '{"destination": "/configured", "type": "tmpfs", "source": "tmpfs"}'
	start_it
	for path in /configured /proc /dev/pts; do
		run orun mounts remove "$id" --destination "$path"
		equals "$status" 1
		output_has "was not mounted by \`mounts add\`"
		equals "$(mounted_at "$path")" 1
	done
	for path in / // /. /bin/..; do
		run orun mounts remove "$id" --destination "$path" --force
		equals "$status" 1
		output_has "the container's root"
	done
	orun mounts remove "$id" --destination /configured --force
	equals "$(mounted_at /configured)" 0
}

@test "mounts remove: one that lies on another is taken off alone" {
	start_it
	orun mounts add "$id" --type tmpfs --destination /mnt
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /mnt
	equals "$(mounted_at /mnt)" 2
	orun mounts remove "$id" --destination /mnt
	equals "$(mounted_at /mnt)" 1
	run ! seen /mnt/file
	orun mounts remove "$id" --destination /mnt
	run orun mounts remove "$id" --destination /mnt
	equals "$status" 1
}

@test "mounts remove: a symlink to a mount is not its place" {
	start_it
	orun mounts add "$id" --type tmpfs --destination /mnt
	ln -s mnt "$bundle/rootfs/link"
	run orun mounts remove "$id" --destination /link
	equals "$status" 1
	output_has "is not a mount point"
	equals "$(mounted_at /mnt)" 1
}

@test "mounts list: as a table and as JSON" {
	start_it
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination "/with blank" --options ro
	run orun mounts list "$id"
	equals "$status" 0
	[[ ${lines[0]} == ID*LIVE*DESTINATION*TYPE*SOURCE*OPTIONS ]]
	[[ $output == *yes*'/with\040blank '* ]]
	orun mounts list "$id" --format json >"$BATS_TEST_TMPDIR/list"
	equals "$(jq -c '[.[] | select(.live) | [.destination, (.options | index("ro") != null)]]' "$BATS_TEST_TMPDIR/list")" '[["/with blank",true]]'
	equals "$(jq -r '.[] | select(.destination == "/proc").type' "$BATS_TEST_TMPDIR/list")" proc
	equals "$(jq length "$BATS_TEST_TMPDIR/list")" "$(wc -l <"/proc/$pid/mountinfo")"
}

@test "mounts add: a destination that leads out of the container stays inside" {
	mkdir -p "$BATS_TEST_TMPDIR/outside" "$bundle/rootfs$BATS_TEST_TMPDIR/outside"
	ln -s "$BATS_TEST_TMPDIR/outside" "$bundle/rootfs/absolute"
	ln -s "../../../../../../../../$BATS_TEST_TMPDIR/outside" "$bundle/rootfs/relative"
	ln -s /proc/1/root/outside "$bundle/rootfs/magic"
	start_it
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /absolute/a
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /relative/b
	orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /../../../c
	run orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /magic/d
	equals "$status" 1
	equals "$(seen "$BATS_TEST_TMPDIR/outside/a/file")" from-the-host
	equals "$(seen "$BATS_TEST_TMPDIR/outside/b/file")" from-the-host
	equals "$(seen /c/file)" from-the-host
	orun mounts remove "$id" --destination c
	equals "$(mounted_at /c)" 0
	equals "$(ls "$BATS_TEST_TMPDIR/outside")" ""
	equals "$(grep -c "$BATS_TEST_TMPDIR" /proc/self/mountinfo)" 0
}

@test "mounts add: /proc of the container cannot mislead" {
	# What orun looks for below /proc is the host's, whatever the container has there.
	configure '.mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$bundle/rootfs/proc/self/fd" "$bundle/rootfs/victim"
	for n in $(seq 0 40); do
		ln -s /victim "$bundle/rootfs/proc/self/fd/$n"
	done
	start_it
	orun mounts add "$id" --type tmpfs --destination /mnt --options ro
	orun mounts remove "$id" --destination /mnt
	equals "$(mounted_at /mnt) $(mounted_at /victim)" "0 0"
}

@test "mounts add: no descriptor or process of ours stays" {
	start_it
	for n in 1 2 3; do
		orun mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination "/m$n"
	done
	for process in $(orun ps "$id" --format json | jq -r '.[]'); do
		[ "$(readlink "/proc/$process/exe")" = "$(readlink "/proc/$pid/exe")" ]
	done
}

@test "mounts add: without a mount namespace of its own a container takes none" {
	without_namespace mount
	configure '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start_it
	run orun mounts add "$id" --type tmpfs --destination /mnt
	equals "$status" 1
	output_has "has no mount namespace of its own"
}

@test "mounts: who is not root changes the mounts of a container in a user namespace" {
	local as=(setpriv --reuid 1000 --regid 1000 --clear-groups env "XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run")
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	mkdir "$BATS_TEST_TMPDIR/run"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chown -R 1000:1000 "$BATS_TEST_TMPDIR"/{run,source,bundle}
	rm "$bundle/config.json"
	cp "$ORUN" "$BATS_TEST_TMPDIR/orun"
	chmod 755 "$BATS_TEST_TMPDIR/orun"
	as+=("$BATS_TEST_TMPDIR/orun" --root "$BATS_TEST_TMPDIR/run/orun")
	state=$BATS_TEST_TMPDIR/run/orun
	(cd "$bundle" && "${as[@]}" spec --rootless)
	configure '.process.terminal = false | .process.args = ["/bin/sleep", "1000"] | .root.readonly = false'
	timeout 60 "${as[@]}" create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run "${as[@]}" mounts add "$id" --type tmpfs --destination /second
	equals "$status" 1
	output_has "before \`start\` only root may do this"
	"${as[@]}" start "$id"
	"${as[@]}" mounts add "$id" --source "$BATS_TEST_TMPDIR/source" --destination /first --options ro
	"${as[@]}" mounts add "$id" --type tmpfs --destination /second
	pid=$(pid_of "$id")
	equals "$(seen /first/file)" from-the-host
	equals "$(mounted_at /first) $(mounted_at /second)" "1 1"
	"${as[@]}" mounts remove "$id" --destination /first
	equals "$(mounted_at /first) $(mounted_at /second)" "0 1"
	"${as[@]}" delete --force "$id"
}
