#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # variables of jq, and those that make_bundle sets
# config-linux.md: what tests/cli does not already show. The numbers of the table name these tests.
ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)/build/orun}
load ../tests/cli/helpers

setup() { make_bundle; }

teardown()
{
	[ -z "${agent:-}" ] || kill "$agent"
	remove_containers
}

create() { orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }

@test "a file in the place of a device is an error, the device itself is none" {
	local place=$bundle/rootfs/etc/null
	configure '.linux.devices = [{path: "/etc/null", type: "c", major: 1, minor: 3, fileMode: 438}]
		| .root.readonly = false'
	echo text >"$place"
	create_fails /etc/null
	equals "$(cat "$place")" text
	rm "$place"
	mknod "$place" c 1 5
	create_fails /etc/null
	rm "$place"
	mknod -m 666 "$place" c 1 3
	inside 'echo gone >/etc/null && cat /etc/null && stat -c %t:%T /etc/null'
	equals "$output" 1:3
}

@test "the same cgroupsPath is the same place each time" {
	local path first
	for path in "/$id" "$id/below"; do
		configure --arg path "$path" '.linux.cgroupsPath = $path'
		create
		first=$(cat "/proc/$(pid_of "$id")/cgroup")
		grep -q "$id" <<<"$first"
		orun delete --force "$id"
		create
		equals "$(cat "/proc/$(pid_of "$id")/cgroup")" "$first"
		orun delete --force "$id"
	done
	rmdir /sys/fs/cgroup/{,*/}"$id" 2>/dev/null || true  # most hierarchies have none
}

# The default devices are always allowed, as with runc, and many others ask for a capability to be opened.
@test "of two device rules the later counts" {
	[ -c /dev/fuse ] || skip "there is no /dev/fuse here"
	local deny='{allow: false, type: "c", major: 10, minor: 229, access: "rwm"}'
	local allow='{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}'
	configure '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229}]'
	configure ".linux.resources.devices = [{allow: false, access: \"rwm\"}, $deny, $allow]"
	inside ': </dev/fuse && echo opened'
	equals "$output" opened
	configure ".linux.resources.devices = [{allow: false, access: \"rwm\"}, $allow, $deny]"
	inside '(: </dev/fuse) 2>&1 || echo refused'
	output_has refused
}

@test "devices of blockIO have both numbers and their limit" {
	local field entry
	for entry in '{minor: 0, weight: 100}' '{major: 8, weight: 100}'; do
		configure ".linux.resources.blockIO = {weightDevice: [$entry]}"
		create_fails "blockIO.weightDevice[0]" required
	done
	for field in throttleReadBpsDevice throttleWriteBpsDevice throttleReadIOPSDevice throttleWriteIOPSDevice; do
		for entry in '{minor: 0, rate: 100}' '{major: 8, rate: 100}' '{major: 8, minor: 0}'; do
			configure ".linux.resources.blockIO = {$field: [$entry]}"
			create_fails "blockIO.${field}[0]" required
		done
	done
}

@test "masked and read-only paths that are relative are refused" {
	local field
	for field in maskedPaths readonlyPaths; do
		configure "del(.linux.maskedPaths, .linux.readonlyPaths) | .linux.$field = [\"proc/keys\"]"
		create_fails "linux.${field}[0]" "not an absolute path"
	done
}

# Seccomp ---------------------------------------------------------------------------------------------

has_lines() { [ "$(wc -l <"$1")" -eq "$2" ]; }

notify_mkdir()
{
	configure --arg socket "$1" '.linux.seccomp = {
		defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket, listenerMetadata: "some metadata",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}
		| .annotations = {"org.example.a": "b"}'
}

@test "the agent of seccomp gets one message with the listener, and the end of the connection" {
	local heard=$BATS_TEST_TMPDIR/heard socket=$BATS_TEST_TMPDIR/agent
	: >"$heard"
	"$BATS_TEST_DIRNAME/receive-listener" "$socket" "$heard" 3>&- &
	agent=$!
	wait_for 5 test -S "$socket"
	notify_mkdir "$socket"
	script 'mkdir /tmp/new; sleep 100'
	create
	orun start "$id"
	wait_for 5 grep -q . "$heard"
	equals "$(wc -l <"$heard")" 1
	local first later name text
	read -r first later name text <"$heard"
	equals "$first $later" "1 0"
	[[ $name == *seccomp* ]]
	jq -e --arg id "$id" --arg bundle "$bundle" --argjson pid "$(pid_of "$id")" '
		.ociVersion == "1.3.0" and .fds == ["seccompFd"] and .pid == $pid
		and .metadata == "some metadata" and .state.ociVersion == "1.3.0" and .state.id == $id
		and .state.bundle == $bundle and .state.pid == $pid
		and .state.annotations == {"org.example.a": "b"}
		and (.state.status | IN("creating", "created", "running"))' <<<"$text" >/dev/null || {
		echo "$text" >&2
		false
	}
	# The next container comes over a connection of its own.
	orun delete --force "$id"
	create
	orun start "$id"
	wait_for 5 has_lines "$heard" 2
}

@test "an agent of seccomp that is absent is an error" {
	notify_mkdir "$BATS_TEST_TMPDIR/absent"
	program /bin/true
	run orun run "$id"
	equals "$status" 1
	output_has listenerPath
	orun delete --force "$id"
	nothing_left
}

# Network devices and resctrl -------------------------------------------------------------------------

# In a network namespace of the test's own. Whoever manages the container's network may change the device;
# no later operation takes that back, and delete does not fetch the device.
@test "a network device is left to its container once it is there" {
	unshare -n ip link add dev conf0 type veth peer name conf1 || skip "this kernel has no veth"
	configure '.linux.netDevices = {conf0: {}}'
	export -f orun
	export ORUN state bundle id
	timeout 60 unshare -n bash -euc '
		ip link add dev conf0 type veth peer name conf1
		orun create "$id"
		inside=(nsenter --net="/proc/$(orun state "$id" | jq .pid)/ns/net" ip)
		"${inside[@]}" link set dev conf0 down
		"${inside[@]}" link set dev conf0 name other0
		"${inside[@]}" address add 192.0.2.9/24 dev other0
		before=$("${inside[@]}" -j address show dev other0)
		orun start "$id"
		orun state "$id"
		[ "$("${inside[@]}" -j address show dev other0)" = "$before" ]
		orun delete --force "$id"
		for name in conf0 other0; do
			! ip link show dev $name || exit 1
		done
	' </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said" >&2
		false
	}
}

# Where there is no resctrl, whoever looked for it would fail.
@test "without intelRdt no resctrl is touched" {
	local resctrl before
	resctrl=$(findmnt --noheadings --output TARGET --types resctrl || true)
	if [ -z "$resctrl" ]; then
		program /bin/true
		orun run "$id"
		configure '.linux.intelRdt = {closID: "/"}'
		create_fails resctrl
		return
	fi
	before=$(cd "$resctrl" && find . | sort && cat schemata)
	create
	equals "$(cd "$resctrl" && find . | sort && cat schemata)" "$before"
	orun delete --force "$id"
	equals "$(cd "$resctrl" && find . | sort)" "$(grep '^\.' <<<"$before")"
}
