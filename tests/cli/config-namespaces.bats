#!/usr/bin/env bats
# linux.namespaces: new, joined by path, and the host's; user namespaces; time offsets.
load helpers

setup() { make_bundle; }
teardown()
{
	remove_containers
	# unshare(1) that has forked heeds no SIGTERM, and its child would stay.
	# shellcheck disable=SC2046 # each is a pid
	[ -z "${holder:-}" ] || kill -9 $(pgrep -P "$holder") "$holder" 2>/dev/null || true  # clean-up
}

types="pid:pid network:net ipc:ipc uts:uts mount:mnt cgroup:cgroup user:user time:time"

add_namespace()
{
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	configure --arg type "$1" --arg path "${2:-}" '.linux.namespaces |= map(select(.type != $type))
		| .linux.namespaces += [{type: $type} + (if $path == "" then {} else {path: $path} end)]'
}

map_ids()
{
	configure '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}]'
}

# Whoever is root in the container must be able to search the way to the rootfs.
let_others_in() { chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"; }

# A process with namespaces of its own, by unshare(1)'s options.
hold()
{
	unshare "$@" sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	holder=$!
	sleeps() { pgrep -x sleep -P "$holder" >/dev/null || grep -qx sleep "/proc/$holder/comm"; }
	wait_for 5 sleeps
}

@test "each new namespace is another than the host's" {
	add_namespace user
	add_namespace time
	map_ids
	let_others_in
	orun create "$id"
	local pid
	pid=$(pid_of "$id")
	for type in $types; do
		[ "$(namespace_of "$pid" "${type#*:}")" != "$(namespace_of self "${type#*:}")" ] ||
			{ echo "$type" >&2; false; }
	done
}

@test "a namespace that is not listed is the host's" {
	for type in network ipc uts cgroup pid; do without_namespace "$type"; done
	configure 'del(.hostname) | .mounts |= map(select(.type != "mqueue" and .type != "sysfs"))'
	orun create "$id"
	local pid
	pid=$(pid_of "$id")
	for file in net ipc uts cgroup pid user time; do
		equals "$(namespace_of "$pid" $file)" "$(namespace_of self $file)"
	done
	[ "$(namespace_of "$pid" mnt)" != "$(namespace_of self mnt)" ]
}

@test "network, ipc, uts, cgroup, pid and time namespaces are joined by path" {
	hold --net --ipc --uts --cgroup --pid --time --fork
	local inner pid
	inner=$(pgrep -P "$holder" | head -n 1 || true)
	inner=${inner:-$holder}
	wait_for 5 grep -q sleep "/proc/$inner/comm"
	for type in network:net ipc:ipc uts:uts cgroup:cgroup pid:pid time:time; do
		add_namespace "${type%:*}" "/proc/$inner/ns/${type#*:}"
	done
	configure 'del(.hostname)'
	orun run --detach "$id"
	pid=$(pid_of "$id")
	for file in net ipc uts cgroup pid time; do
		equals "$(namespace_of "$pid" $file)" "$(namespace_of "$inner" $file)"
	done
	orun delete --force "$id"
	kill "$inner"
}

@test "one container joins the namespaces of another" {
	orun run --detach "$id"
	local first second
	first=$(pid_of "$id")
	for type in network:net ipc:ipc uts:uts pid:pid; do
		add_namespace "${type%:*}" "/proc/$first/ns/${type#*:}"
	done
	configure 'del(.hostname)'
	script 'hostname; ps | grep -c "sleep 0.05\|trap"'
	run -0 orun run "$id-2"
	equals "${lines[0]}" orun
	[ "${lines[1]}" -ge 2 ]
	equals "$(status_of "$id")" running
}

@test "a joined mount namespace is entered, and mounts are made there" {
	hold --mount --propagation private
	add_namespace mount "/proc/$holder/ns/mnt"
	configure '.root.readonly = false'
	orun create "$id"
	equals "$(namespace_of "$(pid_of "$id")" mnt)" "$(namespace_of "$holder" mnt)"
	orun start "$id"
	equals "$(status_of "$id")" running
	orun delete --force "$id"
}

@test "a path of another type is refused, and told" {
	add_namespace network /proc/self/ns/uts
	create_fails /proc/self/ns/uts "invalid argument" "not a net namespace"
}

@test "a path that is absent or no namespace is refused" {
	add_namespace network /absent/namespace
	create_fails /absent/namespace "no such file or directory"
	add_namespace network /etc/passwd
	create_fails /etc/passwd
}

@test "a relative path and a type that is listed twice are refused" {
	add_namespace network proc/self/ns/net
	create_fails namespaces
	configure '.linux.namespaces = [{type: "pid"}, {type: "mount"}, {type: "pid"}]'
	create_fails namespaces
}

@test "an unknown type is refused" {
	configure '.linux.namespaces += [{type: "galaxy"}]'
	create_fails galaxy
}

@test "in a user namespace ids are mapped, and files appear as the map says" {
	add_namespace user
	map_ids
	let_others_in
	chown -R 100000:200000 "$bundle/rootfs"
	configure '.root.readonly = false'
	inside 'cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g; touch /tmp/file; stat -c %u:%g /tmp/file'
	[[ ${lines[0]} =~ ^\ +0\ +100000\ +1000$ ]]
	[[ ${lines[1]} =~ ^\ +0\ +200000\ +1000$ ]]
	equals "${lines[2]}${lines[3]}" 00
	equals "${lines[4]}" 0:0
	equals "$(stat -c %u:%g "$bundle/rootfs/tmp/file")" 100000:200000
}

@test "root of a user namespace needs no way to the rootfs, which may be behind a directory of the host root alone" {
	add_namespace user
	map_ids
	let_others_in
	chmod 700 "$bundle"
	inside 'id -u; pwd; ls -d /bin'
	equals "$output" $'0\n/\n/bin'
}

@test "several mappings are taken, and another user than 0" {
	add_namespace user
	let_others_in
	configure '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10},
			{containerID: 10, hostID: 300000, size: 5}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 12, gid: 11, additionalGids: [10, 3]}'
	inside 'id -u; id -g; grep ^Groups /proc/self/status; wc -l </proc/self/uid_map'
	equals "${lines[0]} ${lines[1]}" "12 11"
	equals "$(echo ${lines[2]#Groups:} | tr ' ' '\n' | sort -n | xargs)" "3 10"
	equals "${lines[3]}" 2
}

@test "a user that is not mapped is refused, with a hint" {
	add_namespace user
	let_others_in
	map_ids
	configure '.process.user = {uid: 5000, gid: 0}'
	create_fails "process.user.uid" "uidMappings has no such id"
}

@test "mappings that overlap are refused by the kernel and leave nothing" {
	add_namespace user
	configure '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10},
			{containerID: 5, hostID: 200000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 10}]'
	create_fails "uid"
}

@test "a user namespace is joined by path" {
	hold --user --map-root-user --net --uts --ipc
	add_namespace user "/proc/$holder/ns/user"
	add_namespace network "/proc/$holder/ns/net"
	add_namespace uts "/proc/$holder/ns/uts"
	configure 'del(.hostname) | .mounts |= map(.options |= ((. // []) | map(select(. != "gid=5"))))'
	orun run --detach "$id"
	equals "$(namespace_of "$(pid_of "$id")" user)" "$(namespace_of "$holder" user)"
	equals "$(namespace_of "$(pid_of "$id")" net)" "$(namespace_of "$holder" net)"
	orun delete --force "$id"
}

@test "a time namespace has the offsets of the configuration" {
	add_namespace time
	configure '.linux.timeOffsets = {"boottime": {"secs": 1000000}, "monotonic": {"secs": 5, "nanosecs": 7}}'
	inside 'cat /proc/uptime; cat /proc/self/timens_offsets'
	[ "$(cut -d. -f1 <<<"${lines[0]}")" -ge 1000000 ]
	equals "$(echo ${lines[1]})" "monotonic 5 7"
	equals "$(echo ${lines[2]})" "boottime 1000000 0"
}

@test "time offsets without a new time namespace are refused" {
	configure '.linux.timeOffsets = {"boottime": {"secs": 10}}'
	create_fails timeOffsets
}

@test "a time offset that the kernel does not take leaves nothing" {
	add_namespace time
	configure '.linux.timeOffsets = {"boottime": {"secs": -9000000000}}'
	create_fails timeOffsets
}

@test "the runtime itself stays where it was, though it joins for its child" {
	hold --net --ipc
	add_namespace network "/proc/$holder/ns/net"
	local before
	before=$(namespace_of self net)
	orun create "$id"
	equals "$(namespace_of self net)" "$before"
	orun delete --force "$id"
}

@test "namespaces are the same as under runc" {
	add_namespace user
	map_ids
	configure '.mounts |= map(select(.type != "cgroup"))'
	let_others_in
	same_as_runc 'cat /proc/self/uid_map; hostname; ls /proc/self/ns; echo $$; cat /proc/self/setgroups'
}

@test "a new network namespace has its loopback interface, and it is up" {
	ln -sf busybox "$bundle/rootfs/bin/ip"
	same_as_runc 'ip address show dev lo'
	output_has UP
	output_has 127.0.0.1
}
