#!/usr/bin/env bats
# linux.resources and linux.cgroupsPath, on cgroup v1 and what v2 has beside it.
load helpers

setup()
{
	make_bundle
	grep -q ' /sys/fs/cgroup/memory ' /proc/self/mountinfo || skip "these tests look at cgroup v1, which is not mounted here"
}
teardown()
{
	remove_containers
	[ -z "${made:-}" ] || rmdir "$made"
}

resources() { configure ".linux.resources += $1"; }

# group CONTROLLER: the directory of the container's process in that hierarchy.
group()
{
	local path
	path=$(grep -E "^[0-9]+:([a-z,]*,)?$1(,[a-z,]*)?:" "/proc/$(pid_of "$id")/cgroup" | cut -d: -f3)
	echo "/sys/fs/cgroup/$1$path"
}

# value CONTROLLER FILE
value() { cat "$(group "$1")/$2"; }

need_file() { [ -e "/sys/fs/cgroup/$1" ] || skip "this kernel has no $1"; }

@test "memory: limit, reservation and swap" {
	resources '{memory: {limit: 33554432, reservation: 16777216}}'
	orun create "$id"
	equals "$(value memory memory.limit_in_bytes)" 33554432
	equals "$(value memory memory.soft_limit_in_bytes)" 16777216
	orun delete --force "$id"
	need_file memory/memory.memsw.limit_in_bytes
	resources '{memory: {limit: 33554432, swap: 67108864}}'
	orun create "$id"
	equals "$(value memory memory.memsw.limit_in_bytes)" 67108864
}

@test "memory: swappiness and disableOOMKiller" {
	resources '{memory: {swappiness: 30}}'
	orun create "$id"
	equals "$(value memory memory.swappiness)" 30
	orun delete --force "$id"
	resources '{memory: {limit: 33554432, disableOOMKiller: true}}'
	orun create "$id"
	grep -q "oom_kill_disable 1" "$(group memory)/memory.oom_control"
}

@test "a program that takes more memory than its limit is killed" {
	resources '{memory: {limit: 16777216}}'
	script 'x=$(head -c 100000000 /dev/zero | /bin/busybox tr "\0" x); echo survived'
	run orun run "$id"
	[ "$status" -ne 0 ]
	[[ $output != *survived* ]]
}

@test "cpu: shares, quota and period" {
	resources '{cpu: {shares: 512}}'
	orun create "$id"
	equals "$(value cpu cpu.shares)" 512
	orun delete --force "$id"
	need_file cpu/cpu.cfs_quota_us
	resources '{cpu: {quota: 20000, period: 50000}}'
	orun create "$id"
	equals "$(value cpu cpu.cfs_quota_us) $(value cpu cpu.cfs_period_us)" "20000 50000"
}

@test "cpuset: cpus and mems, also in a path whose parents are new" {
	resources '{cpu: {cpus: "0", mems: "0"}}'
	configure --arg id "$id" '.linux.cgroupsPath = "/" + $id + "/below/" + $id'
	orun create "$id"
	equals "$(value cpuset cpuset.cpus) $(value cpuset cpuset.mems)" "0 0"
	equals "$(grep Cpus_allowed_list "/proc/$(pid_of "$id")/status" | cut -f2)" 0
}

@test "pids: the limit binds" {
	resources '{pids: {limit: 5}}'
	orun create "$id"
	equals "$(value pids pids.max)" 5
	orun delete --force "$id"
	script 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done 2>&1; wait'
	run orun run "$id"
	output_has "fork"
	resources '{pids: {limit: -1}}'
	script 'sleep 100'
	orun create "$id"
	equals "$(value pids pids.max)" max
}

@test "devices: the default rules are those of runc" {
	need_runc
	orun run --detach "$id"
	runc_run --detach >/dev/null 2>&1 </dev/null
	local theirs pid
	pid=$(runc --root "$BATS_TEST_TMPDIR/runc" state "$id-runc" | jq .pid)
	theirs=$(sort "/sys/fs/cgroup/devices$(grep :devices: "/proc/$pid/cgroup" | cut -d: -f3)/devices.list")
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	equals "$(value devices devices.list | sort)" "$theirs"
}

@test "devices: a rule lets a device through, without it opening is refused" {
	configure '.linux.devices = [{path: "/dev/kmsg2", type: "c", major: 1, minor: 11}]'
	inside 'head -c 1 /dev/kmsg2 2>&1 >/dev/null; true'
	output_has "Operation not permitted"
	script "sleep 100"
	resources '{devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "r"}]}'
	orun run --detach "$id" >/dev/null 2>&1
	value devices devices.list | grep -x "c 1:11 r"
	orun delete --force "$id"
}

@test "blkio: throttling" {
	need_file blkio/blkio.throttle.read_bps_device
	local device
	device=$(lsblk -ndo MAJ:MIN 2>/dev/null | head -n 1 | tr -d ' ')
	[ -n "$device" ] || skip "there is no block device"
	configure --argjson major "${device%:*}" --argjson minor "${device#*:}" \
		'.linux.resources.blockIO = {throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 1048576}]}'
	orun create "$id"
	equals "$(value blkio blkio.throttle.read_bps_device)" "$device 1048576"
}

@test "blkio: a weight where the kernel has it; without, it is passed over as by runc" {
	resources '{blockIO: {weight: 200}}'
	if [ -e /sys/fs/cgroup/blkio/blkio.weight ] || [ -e /sys/fs/cgroup/blkio/blkio.bfq.weight ]; then
		orun create "$id"
		cat "$(group blkio)"/blkio*weight | grep -x 200
	else
		orun create "$id"
		equals "$(status_of "$id")" created
	fi
}

@test "unified: files of cgroup v2 are written" {
	grep -qs hugetlb /sys/fs/cgroup/unified/cgroup.controllers || skip "there is no v2 hugetlb controller"
	resources '{unified: {"hugetlb.2MB.max": "4194304"}}'
	orun create "$id"
	local path
	path=$(grep ^0:: "/proc/$(pid_of "$id")/cgroup" | cut -d: -f3)
	equals "$(cat "/sys/fs/cgroup/unified$path/hugetlb.2MB.max")" 4194304
}

@test "unified: a file that is absent, or leads elsewhere, is refused" {
	resources '{unified: {"no.such": "1"}}'
	create_fails no.such
	resources '{unified: {"../cgroup.procs": "1"}}'
	create_fails unified
}

@test "an absolute cgroupsPath is taken from the root of the hierarchy" {
	configure --arg id "$id" '.linux.cgroupsPath = "/" + $id + "/sub"'
	orun create "$id"
	equals "$(group memory)" "/sys/fs/cgroup/memory/$id/sub"
	[ -d "/sys/fs/cgroup/pids/$id/sub" ]
	orun delete --force "$id"
	nothing_left
}

@test "a relative and an absent cgroupsPath give a group of the container's name" {
	configure --arg id "$id" '.linux.cgroupsPath = $id + "-relative/x"'
	orun create "$id"
	[[ $(group memory) == */"$id-relative/x" ]]
	orun delete --force "$id"
	configure 'del(.linux.cgroupsPath)'
	orun create "$id"
	[[ $(group memory) == */"$id" ]]
	orun delete --force "$id"
	nothing_left
}

@test "a group that was there before is kept by delete" {
	made=/sys/fs/cgroup/pids/$id-before
	mkdir "$made"
	configure --arg id "$id" '.linux.cgroupsPath = "/" + $id + "-before/mine"'
	orun create "$id"
	orun delete --force "$id"
	[ -d "$made" ]
	[ ! -d "$made/mine" ]
	configure --arg id "$id" '.linux.cgroupsPath = "/" + $id + "-before"'
	orun create "$id"
	orun delete --force "$id"
	[ -d "$made" ]
	rmdir "$made"
	made=
	nothing_left
}

@test "the process is in its group in every hierarchy, before the program runs" {
	configure --arg id "$id" '.linux.cgroupsPath = "/" + $id'
	without_namespace cgroup
	inside 'cat /proc/self/cgroup'
	for controller in memory cpu cpuset devices freezer pids blkio; do
		[ -d /sys/fs/cgroup/$controller ] || continue
		grep -qE "^[0-9]+:([a-z,]*,)?$controller(,[a-z,]*)?:/$id$" <<<"$output" ||
			{ echo "$controller: $output" >&2; false; }
	done
}

@test "resources as Docker writes them, with zeros for what is not limited" {
	resources '{memory: {limit: 0, reservation: 0, swap: 0, kernel: 0, swappiness: null, disableOOMKiller: false},
		cpu: {shares: 0, quota: 0, period: 0, cpus: "", mems: "", realtimeRuntime: 0, realtimePeriod: 0},
		pids: {limit: -1}, blockIO: {weight: 0}}'
	configure 'del(.linux.resources.memory.swappiness)'
	orun run --detach "$id"
	[ "$(value memory memory.limit_in_bytes)" -gt 1000000000000 ]
	equals "$(value cpu cpu.shares)" 1024
	equals "$(value pids pids.max)" max
}

@test "limits are the same as under runc" {
	resources '{memory: {limit: 50000000}, cpu: {shares: 100}, pids: {limit: 30}}'
	same_as_runc 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.shares pids/pids.max'
}

@test "a value that the kernel refuses is told with its file, and leaves nothing" {
	resources '{cpu: {cpus: "0-9999"}}'
	create_fails cpuset.cpus
}
