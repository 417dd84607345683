#!/usr/bin/env bats
# exec in containers of every kind: namespaces new, joined and absent; without pivot_root; with another user's ids.
load helpers

setup() { make_bundle; }
teardown()
{
	remove_containers
	[ -z "${held:-}" ] || ip netns delete "$held"
}

start_container()
{
	orun run --detach "$@" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
}

# The process of exec has the namespaces of init, each of them.
namespaces_are_inits()
{
	local type pid
	orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$@" "$id" sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	for type in pid net mnt ipc uts user cgroup time; do
		[ -e "/proc/$pid/ns/$type" ] || continue
		equals "$type $(namespace_of "$pid" $type)" "$type $(namespace_of "$(pid_of "$id")" $type)"
	done
	equals "$(stat -L -c %d:%i "/proc/$pid/root")" "$(stat -L -c %d:%i "/proc/$(pid_of "$id")/root")"
}

sees_its_rootfs()
{
	run -0 orun exec "$id" sh -c 'cat /mark; pwd; ls -d /work /home /proc/1 2>/dev/null; true' </dev/null
	output_has marked
	[[ $output != */work* ]]
}

with_user_namespace()
{
	chmod o+x "$bundle" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_RUN_TMPDIR"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
}

mark() { echo marked >"$bundle/rootfs/mark"; }

@test "all namespaces new" {
	mark
	start_container
	namespaces_are_inits
	sees_its_rootfs
}

@test "a user namespace: root is mapped, and nobody's power is gained" {
	mark
	with_user_namespace
	start_container
	namespaces_are_inits
	sees_its_rootfs
	equals "$(awk '/^Uid/ { print $2, $5 }' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status")" "100000 100000"
	run -0 orun exec "$id" sh -c 'id -u; cat /proc/self/uid_map | awk "{print \$1, \$2}"' </dev/null
	equals "$output" $'0\n0 100000'
	namespaces_are_inits --user 1000:1001
	equals "$(awk '/^Uid/ { print $2 }' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status")" 101000
	run -255 orun exec --user 70000 "$id" true
	output_has "linux.uidMappings has no such id"
}

@test "a user namespace whose rootfs is out of the container's reach from outside" {
	with_user_namespace
	mark
	chmod 700 "$BATS_TEST_TMPDIR"
	start_container
	sees_its_rootfs
	chmod 755 "$BATS_TEST_TMPDIR"
}

@test "a time namespace with offsets" {
	[ -e /proc/self/ns/time ] || skip "this kernel has no time namespaces"
	configure '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000}}'
	start_container
	namespaces_are_inits
	run -0 orun exec "$id" cat /proc/uptime </dev/null
	[ "${output%%.*}" -gt 1000000 ]
}

@test "namespaces joined by path" {
	command -v ip >/dev/null || skip "ip is not installed"
	held=orun-test-$$
	ip netns add "$held"
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg path "/run/netns/$held" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	start_container
	namespaces_are_inits
	# Whatever the path names by now.
	ip netns delete "$held"
	held=
	namespaces_are_inits
}

@test "a user namespace joined by path, whose first process has ended" {
	with_user_namespace
	mark
	start_container
	local first=$id pid
	pid=$(pid_of "$first")
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg path "/proc/$pid/ns" 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(
		if .type == "user" then .path = $path + "/user" elif .type == "network" then .path = $path + "/net"
		elif .type == "ipc" then .path = $path + "/ipc" else . end)'
	id=$id-joined
	start_container
	namespaces_are_inits
	orun delete --force "$first"
	namespaces_are_inits
	sees_its_rootfs
	equals "$(awk '/^Uid/ { print $2 }' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status")" 100000
}

@test "without a pid namespace" {
	mark
	without_namespace pid
	start_container
	namespaces_are_inits
	sees_its_rootfs
	equals "$(namespace_of "$(cat "$BATS_TEST_TMPDIR/pid")" pid)" "$(namespace_of self pid)"
}

@test "without a mount namespace" {
	mark
	without_namespace mount
	configure '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false | del(.linux.rootfsPropagation)'
	start_container
	namespaces_are_inits
	sees_its_rootfs
}

@test "with --no-pivot" {
	mark
	start_container --no-pivot
	namespaces_are_inits
	sees_its_rootfs
}

@test "without any namespace but that of mounts" {
	mark
	configure '.linux.namespaces = [{type: "mount"}] | .mounts |= map(select(.destination == "/proc" or .destination == "/dev"))
		| del(.hostname)'
	start_container
	namespaces_are_inits
	sees_its_rootfs
}

@test "a container that was created without a process is entered before its start" {
	configure 'del(.process)'
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run -0 orun exec "$id" sh -c 'pwd; id -u' </dev/null
	equals "$output" $'/\n0'
}

@test "a rootfs that is read-only, and one whose /proc is a bind mount" {
	mark
	mkdir -p "$bundle/rootfs/fake"
	configure '.root.readonly = true'
	start_container
	run orun exec "$id" touch /new </dev/null
	[ "$status" -ne 0 ]
	sees_its_rootfs
	orun delete --force "$id"
	configure '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start_container
	sees_its_rootfs
}

@test "a user who is not root enters all namespaces of a container of its own" {
	local own=$BATS_TEST_TMPDIR/own type pid
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	configure '.linux.namespaces |= (map(select(.type != "network")) + [{type: "user"}])
		| .linux.uidMappings = [{containerID: 0, hostID: 1234, size: 1}] | .linux.gidMappings = .linux.uidMappings
		| del(.linux.resources)
		| .mounts |= map(select(.type != "cgroup" and .type != "sysfs") | if .options then .options -= ["gid=5"] else . end)'
	# A copy, since the build may be where others may not look.
	mkdir "$own"
	cp "$ORUN" "$own/orun"
	chown -R 1234:1234 "$bundle" "$own"
	chmod o+x "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_RUN_TMPDIR"
	as_user() { (cd "$bundle" && exec setpriv --reuid 1234 --regid 1234 --clear-groups "$own/orun" --root "$own/state" "$@"); }
	as_user run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run -3 as_user exec "$id" sh -c 'id -u; exit 3' </dev/null
	equals "$output" 0
	run -0 as_user exec --tty "$id" tty </dev/null
	output_has /dev/pts/
	run -255 as_user exec "$id" absent </dev/null
	output_has "executable file not found"
	run -255 as_user exec --user 5 "$id" true </dev/null
	output_has "linux.uidMappings has no such id"
	as_user exec --detach --pid-file "$own/pid" "$id" sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	pid=$(cat "$own/pid")
	for type in pid mnt ipc uts user cgroup; do
		equals "$type $(namespace_of "$pid" $type)" "$type $(namespace_of "$(as_user state "$id" | jq .pid)" $type)"
	done
	as_user delete --force "$id"
}
