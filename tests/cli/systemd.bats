#!/usr/bin/env bats
# --systemd-cgroup with a stand-in for systemd that makes the groups as systemd would, or with systemd itself
# where it runs; --cgroup-manager disabled; --rootless.
load helpers

setup()
{
	make_bundle
	folder=$(dirname "$ORUN")
	notes=$BATS_TEST_TMPDIR/notes
	scope=orun-$id.scope
}

teardown()
{
	remove_containers
	[ -n "${fake:-}" ] || return 0
	kill "$fake"
	# What a systemd would keep; other tests at work need it, then it is not empty.
	find /sys/fs/cgroup -maxdepth 2 -name system.slice -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null || true  # another test may have removed it
}

# The socket's path must be short.
start_fake()
{
	local socket=$BATS_TEST_TMPDIR/bus path hierarchies=()

	[ -x "$folder/orun-systemd" ] || skip "orun was built without libsystemd"
	[ ! -d /run/systemd/system ] || skip "systemd itself runs here, see the tests with it below"
	[ -x "$folder/fake-systemd" ] || skip "fake-systemd is not built; make check builds it"
	for path in systemd unified memory cpu pids devices blkio; do
		[ ! -d "/sys/fs/cgroup/$path" ] || hierarchies+=("/sys/fs/cgroup/$path")
	done
	[ ${#hierarchies[@]} -gt 0 ] || hierarchies=(/sys/fs/cgroup)
	"$folder/fake-systemd" "$socket" "$notes" "${hierarchies[@]}" </dev/null >/dev/null 2>&1 3>&- &
	fake=$!
	wait_for 5 test -S "$socket"
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$socket
}

noted()
{
	grep -qF -- "$1" "$notes" || {
		printf 'expected: %s\nnoted:\n%s\n' "$1" "$(cat "$notes")" >&2
		return 1
	}
}

not_noted()
{
	! grep -F -- "$1" "$notes" >&2
}

create_with_systemd()
{
	timeout 60 "$ORUN" --root "$state" --systemd-cgroup create --bundle "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
}

# Also says what is left of a create that must fail.
create_with_systemd_fails()
{
	! create_with_systemd 2>/dev/null
	output=$(cat "$BATS_TEST_TMPDIR/said")
	for text; do
		output_has "$text"
	done
	nothing_left
}

# groups_in FILE: the groups that a /proc/PID/cgroup names, but for hierarchies that are not systemd's to see.
groups_in()
{
	grep -v ':name=orun-' "$1" | cut -d: -f3 | sort -u
}

groups_of()
{
	groups_in "/proc/$(pid_of "$id")/cgroup"
}

@test "the container lives in a scope, in every hierarchy" {
	start_fake
	create_with_systemd
	equals "$(groups_of)" "/system.slice/$scope"
	noted "start $scope fail"
	noted "Slice s 'system.slice'"
	noted "Delegate b 1"
	noted "DefaultDependencies b 0"
	noted "CollectMode s 'inactive-or-failed'"
	noted "MemoryAccounting b 1"
	equals "$(orun state "$id" | jq -r '."systemd-scope"')" "$scope"
	orun start "$id"
	equals "$(status_of "$id")" running
	orun delete --force "$id"
	noted "stop $scope replace"
	noted "ResetFailedUnit '$scope'"
	nothing_left
}

@test "run, with the program's own groups in sight" {
	start_fake
	script 'cat /proc/self/cgroup'
	without_namespace cgroup
	timeout 60 "$ORUN" --root "$state" --cgroup-manager systemd run --bundle "$bundle" "$id" </dev/null \
		>"$BATS_TEST_TMPDIR/groups"
	equals "$(groups_in "$BATS_TEST_TMPDIR/groups")" "/system.slice/$scope"
	nothing_left
}

@test "cgroupsPath names slice, prefix and name" {
	start_fake
	configure --arg id "$id" '.linux.cgroupsPath = "system-a.slice:pre:" + $id'
	create_with_systemd
	noted "Slice s 'system-a.slice'"
	equals "$(groups_of)" "/system.slice/system-a.slice/pre-$id.scope"
	orun delete --force "$id"
	find /sys/fs/cgroup -depth -type d -name system-a.slice -exec rmdir {} +
}

@test "limits are told to systemd and written to the files" {
	start_fake
	configure '.linux.resources += {memory: {limit: 33554432}, pids: {limit: 20},
		cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0"}}'
	create_with_systemd
	noted "TasksMax t 20"
	noted "CPUQuotaPeriodUSec t 50000"
	noted "CPUQuotaPerSecUSec t 500000"
	noted "AllowedCPUs ay 01"
	noted "DevicePolicy s 'strict'"
	noted "'/dev/char/1:3' 'rwm'"
	if [ -d /sys/fs/cgroup/memory ]; then
		noted "MemoryLimit t 33554432"
		noted "CPUShares t 512"
		equals "$(cat "/sys/fs/cgroup/memory/system.slice/$scope/memory.limit_in_bytes")" 33554432
		equals "$(cat "/sys/fs/cgroup/cpuset/system.slice/$scope/cpuset.cpus")" 0
	fi
}

@test "annotations set properties, but only those that are harmless" {
	start_fake
	configure '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 123456789",
		"org.systemd.property.CollectMode": "'"'inactive'"'",
		"org.systemd.property.After": "['"'a.service'"']",
		"org.systemd.property.RuntimeMaxSec": "100"}'
	create_with_systemd
	noted "TimeoutStopUSec t 123456789"
	noted "CollectMode s 'inactive'"
	noted "After as 'a.service'"
	noted "RuntimeMaxUSec t 100000000"
	orun delete --force "$id"
	: >"$notes"
	configure '.annotations = {"org.systemd.property.OnFailure": "['"'reboot.target'"']"}'
	create_with_systemd_fails "annotations['org.systemd.property.OnFailure']: systemd property 'OnFailure' is not allowed"
	equals "$(cat "$notes")" ""
}

@test "a path that is none of systemd's is refused with the form that it wants" {
	start_fake
	configure '.linux.cgroupsPath = "/a/b"'
	create_with_systemd_fails 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/a/b" instead'
}

@test "what systemd refuses is told, and nothing is left" {
	start_fake
	configure --arg id "$id" '.linux.cgroupsPath = ":refused:" + $id'
	create_with_systemd_fails "create: systemd scope: systemd: refused-$id.scope: Not for you"
	configure --arg id "$id" '.linux.cgroupsPath = ":failing:" + $id'
	create_with_systemd_fails "job failed"
}

@test "the scope of another is neither taken nor stopped" {
	start_fake
	create_with_systemd
	local other=$id first
	first=$(pid_of "$id")
	configure --arg id "$id" '.linux.cgroupsPath = ":orun:" + $id'
	: >"$notes"
	id=$other-2
	! create_with_systemd 2>/dev/null
	id=$other
	grep -F "the systemd scope $scope exists already" "$BATS_TEST_TMPDIR/said"
	equals "$(cat "$notes")" ""
	configure --arg id "$id" '.linux.cgroupsPath = ":taken:" + $id'
	id=$other-2
	! create_with_systemd 2>/dev/null
	id=$other
	grep -F "was already loaded" "$BATS_TEST_TMPDIR/said"
	not_noted "stop "
	[ -d "/proc/$first" ]
	equals "$(status_of "$id")" created
}

@test "without a systemd the reason is told" {
	[ -x "$folder/orun-systemd" ] || skip "orun was built without libsystemd"
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere/bus
	create_with_systemd_fails "connect to the system bus: no such file or directory" "does this machine run systemd?"
}

@test "a create that is killed leaves what delete --force removes" {
	local step
	[ -x "$folder/orun-fault" ] || skip "orun-fault is not built"
	start_fake
	for step in "control group" "systemd scope" "id maps" "wait for init" release; do
		status=0
		ORUN_FAULT="kill:create:$step" timeout 60 "$folder/orun-fault" --root "$state" --systemd-cgroup create \
			--bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 || status=$?
		equals "$step: $status" "$step: 137"
		orun delete --force "$id"
		nothing_left
	done
	for step in "systemd scope" "id maps" "wait for init" release; do
		! ORUN_FAULT="fail:create:$step" timeout 60 "$folder/orun-fault" --root "$state" --systemd-cgroup create \
			--bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
		nothing_left
	done
}

need_systemd()
{
	[ -x "$folder/orun-systemd" ] || skip "orun was built without libsystemd"
	[ -d /run/systemd/system ] || skip "systemd does not run here"
	[ -e /sys/fs/cgroup/cgroup.controllers ] || skip "these look at cgroup v2 alone"
}

shown()
{
	systemctl show "$scope" -p "$1" --value
}

@test "systemd itself: a scope has its limits, keeps them over a reload, changes them, and goes" {
	need_systemd
	local group=/sys/fs/cgroup/system.slice/$scope
	configure '.linux.resources += {memory: {limit: 33554432}, pids: {limit: 20}, cpu: {quota: 25000, period: 50000}}
		| .annotations = {"org.systemd.property.TimeoutStopSec": "7"}'
	create_with_systemd
	equals "$(cut -d: -f3 "/proc/$(pid_of "$id")/cgroup")" "/system.slice/$scope"
	orun start "$id"
	equals "$(shown MemoryMax) $(shown TasksMax) $(shown CPUQuotaPerSecUSec)" "33554432 20 500ms"
	equals "$(shown TimeoutStopUSec) $(shown Delegate) $(shown DevicePolicy)" "7s yes strict"
	systemctl daemon-reload
	equals "$(cat "$group/memory.max" "$group/pids.max" "$group/cpu.max" | tr '\n' ' ')" "33554432 20 25000 50000 "
	orun update --pids-limit 30 --memory 67108864 "$id"
	equals "$(shown MemoryMax) $(shown TasksMax)" "67108864 30"
	equals "$(cat "$group/memory.max" "$group/pids.max" | tr '\n' ' ')" "67108864 30 "
	orun exec "$id" sh -c 'echo x >/dev/null && head -c 1 /dev/zero >/dev/null'
	orun pause "$id"
	equals "$(status_of "$id")" paused
	orun delete --force "$id"
	equals "$(shown LoadState)" not-found
	nothing_left
}

@test "systemd itself: a scope that its own processes have left behind is no obstacle" {
	need_systemd
	script true
	timeout 60 "$ORUN" --root "$state" --systemd-cgroup run --bundle "$bundle" "$id" </dev/null
	timeout 60 "$ORUN" --root "$state" --systemd-cgroup run --bundle "$bundle" "$id" </dev/null
	nothing_left
}

@test "systemd itself: the scope of another is neither taken nor stopped" {
	need_systemd
	systemd-run --quiet --scope --unit "$scope" sleep 100 </dev/null >/dev/null 2>&1 3>&- &
	local other=$!
	wait_for 20 systemctl --quiet is-active "$scope"
	run ! create_with_systemd
	grep -F "the systemd scope $scope exists already" "$BATS_TEST_TMPDIR/said"
	systemctl --quiet is-active "$scope"
	systemctl stop "$scope"
	wait "$other" || true  # stopped, by a signal
}

@test "disabled: the container stays in the groups of its caller" {
	local ours
	timeout 60 "$ORUN" --root "$state" --cgroup-manager disabled create --bundle "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	ours=$(cat /proc/self/cgroup)
	equals "$(cat "/proc/$(pid_of "$id")/cgroup")" "$ours"
	equals "$(cgroups_named "$id")" ""
	orun start "$id"
	equals "$(status_of "$id")" running
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}

@test "disabled: limits that are asked for are missed, and that is said" {
	configure '.linux.resources += {pids: {limit: 20}}'
	script true
	run timeout 60 "$ORUN" --root "$state" --cgroup-manager disabled run --bundle "$bundle" "$id"
	equals "$status" 0
	output_has "linux.resources: no limits are set, control groups are disabled"
}

@test "disabled: what needs a group says that there is none" {
	timeout 60 "$ORUN" --root "$state" --cgroup-manager disabled run --detach --bundle "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	for command in "pause $id" "ps $id" "events --stats $id" "kill --all $id TERM"; do
		# shellcheck disable=SC2086 # words of a command
		run orun $command
		[ "$status" -eq 1 ]
		output_has "has no control group"
	done
	orun kill --all "$id" KILL
	wait_for_status "$id" stopped
}

@test "unknown managers and contradictions are refused" {
	run orun --cgroup-manager other list
	equals "$status" 1
	output_has "is neither cgroupfs, systemd nor disabled"
	run orun --systemd-cgroup --cgroup-manager disabled list
	equals "$status" 1
	output_has "contradict"
	run orun --rootless perhaps list
	equals "$status" 1
	output_has "is neither true, false nor auto"
	for word in true false auto; do
		orun --rootless=$word list
	done
}
