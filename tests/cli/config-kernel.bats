#!/usr/bin/env bats
# Fields that are one setting of the kernel each: schedulers, memory policies, idmapped mounts, links as mounts,
# propagation of the root, and what the control groups of this kernel have.
# shellcheck disable=SC2016 # variables of jq and of other shells
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# start_it: with the program that lives on; its pid is in $pid.
start_it()
{
	timeout 60 "$ORUN" --root "$state" create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	}
	orun start "$id"
	pid=$(pid_of "$id")
}

stop_it()
{
	orun delete --force "$id"
}

# ---- process.scheduler ----

scheduler_of()
{
	chrt -p "$pid" | sed -n "s,.*$1: ,,p"
}

realtime_allowed()
{
	[ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] ||
		configure '.linux.resources.cpu = {realtimeRuntime: 10000, realtimePeriod: 1000000}'
	chrt -f 1 true 2>/dev/null || skip "this machine lets nobody have a realtime policy"
}

@test "scheduler: OTHER, BATCH and IDLE, with their nice values" {
	command -v chrt >/dev/null || skip "chrt is not installed"
	for policy in SCHED_OTHER SCHED_BATCH SCHED_IDLE; do
		configure --arg policy $policy '.process.scheduler = {policy: $policy, nice: 3}'
		start_it
		equals "$(scheduler_of policy)" $policy
		# To SCHED_IDLE the kernel gives no nice value (sched(7)).
		[ $policy = SCHED_IDLE ] || equals "$(awk '{ print $19 }' "/proc/$pid/stat")" 3
		stop_it
	done
}

@test "scheduler: FIFO and RR, with priority and the flag that children do not have it" {
	command -v chrt >/dev/null || skip "chrt is not installed"
	realtime_allowed
	for policy in SCHED_FIFO SCHED_RR; do
		configure --arg policy $policy '.process.scheduler = {policy: $policy, priority: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
		start_it
		equals "$(scheduler_of policy)" "$policy|SCHED_RESET_ON_FORK"
		equals "$(scheduler_of priority)" 7
		stop_it
	done
}

@test "scheduler: DEADLINE, in nanoseconds" {
	command -v chrt >/dev/null || skip "chrt is not installed"
	chrt -d --sched-runtime 1000000 --sched-deadline 5000000 --sched-period 10000000 0 true 2>/dev/null ||
		skip "this machine lets nobody have a deadline"
	configure '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 5000000, period: 10000000,
		flags: ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]}'
	start_it
	[[ $(scheduler_of policy) == SCHED_DEADLINE* ]]
	equals "$(scheduler_of parameters)" 1000000/5000000/10000000
}

@test "scheduler: every flag is taken or refused by the kernel, by name" {
	for flag in SCHED_FLAG_RESET_ON_FORK SCHED_FLAG_KEEP_POLICY SCHED_FLAG_KEEP_PARAMS SCHED_FLAG_UTIL_CLAMP_MIN \
		SCHED_FLAG_UTIL_CLAMP_MAX; do
		configure --arg flag $flag '.process.scheduler = {policy: "SCHED_OTHER", flags: [$flag]} | .process.args = ["/bin/true"]'
		run orun run "$id"
		[ "$status" -eq 0 ] || output_has "process.scheduler: sched_setattr: "
	done
	configure '.process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_NOSUCH"]}'
	create_fails 'process.scheduler.flags[0]'
	configure '.process.scheduler = {policy: "SCHED_ISO"}'
	create_fails "process.scheduler: sched_setattr: invalid argument"
}

# ---- linux.memoryPolicy ----

@test "memoryPolicy: each mode is that of the program's memory" {
	[ -e /proc/self/numa_maps ] || skip "this kernel has no memory policies"
	while read -r mode nodes shown; do
		configure --arg mode "$mode" --arg nodes "$nodes" '.linux.memoryPolicy = {mode: $mode}
			| if $nodes != "-" then .linux.memoryPolicy.nodes = $nodes else . end'
		inside 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
		equals "$mode $(xargs <<<"$output")" "$mode $shown"
	done <<-END
		MPOL_DEFAULT - default
		MPOL_BIND 0 bind:0
		MPOL_INTERLEAVE 0 interleave:0
		MPOL_PREFERRED 0 prefer:0
		MPOL_PREFERRED - local
		MPOL_LOCAL - local
	END
}

@test "memoryPolicy: newer modes and the flags, where this kernel has them" {
	[ -e /proc/self/numa_maps ] || skip "this kernel has no memory policies"
	while read -r mode flag shown; do
		configure --arg mode "$mode" --arg flag "$flag" '.linux.memoryPolicy = {mode: $mode, nodes: "0"}
			| if $flag != "-" then .linux.memoryPolicy.flags = [$flag] else . end'
		script 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
		run orun run "$id"
		if [ "$status" -eq 0 ]; then
			equals "$mode $flag $(xargs <<<"$output")" "$mode $flag $shown"
		else
			output_has "linux.memoryPolicy: set_mempolicy: "
		fi
	done <<-'END'
		MPOL_PREFERRED_MANY - prefer
		MPOL_WEIGHTED_INTERLEAVE - weighted
		MPOL_BIND MPOL_F_STATIC_NODES bind=static:0
		MPOL_BIND MPOL_F_RELATIVE_NODES bind=relative:0
		MPOL_BIND MPOL_F_NUMA_BALANCING bind=balancing:0
	END
}

@test "memoryPolicy: nodes that are not there, or no list, are refused" {
	[ -e /proc/self/numa_maps ] || skip "this kernel has no memory policies"
	configure '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
	create_fails "linux.memoryPolicy: set_mempolicy: invalid argument"
	configure '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-"}'
	create_fails linux.memoryPolicy.nodes
	configure '.linux.memoryPolicy = {mode: "MPOL_BIND"}'
	create_fails "linux.memoryPolicy.nodes: required"
}

# ---- idmapped mounts ----

user_namespace()
{
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chown -R 100000:100000 "$bundle/rootfs"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
}

# A tmpfs takes idmaps from Linux 6.3 on: the test's own files, on whatever they are, since 5.12 or later.
idmap_source()
{
	mkdir "$BATS_TEST_TMPDIR/source"
	touch "$BATS_TEST_TMPDIR/source/file"
	chown 0:7 "$BATS_TEST_TMPDIR/source/file"
}

@test "idmap: in a user namespace its own mapping is taken" {
	idmap_source
	user_namespace
	add_mount "{\"destination\": \"/mapped\", \"source\": \"$BATS_TEST_TMPDIR/source\", \"options\": [\"bind\", \"idmap\"]}"
	add_mount "{\"destination\": \"/plain\", \"source\": \"$BATS_TEST_TMPDIR/source\", \"options\": [\"bind\"]}"
	inside 'stat -c %u:%g /mapped/file /plain/file; touch /mapped/new && stat -c %u:%g /mapped/new'
	equals "$(xargs <<<"$output")" "0:7 65534:65534 0:0"
	equals "$(stat -c %u:%g "$BATS_TEST_TMPDIR/source/new")" 0:0
}

@test "idmap: in a user namespace the mount's own mappings come first" {
	idmap_source
	user_namespace
	add_mount "{\"destination\": \"/mapped\", \"source\": \"$BATS_TEST_TMPDIR/source\", \"options\": [\"bind\", \"idmap\"],
		\"uidMappings\": [{\"containerID\": 0, \"hostID\": 100005, \"size\": 10}],
		\"gidMappings\": [{\"containerID\": 0, \"hostID\": 100000, \"size\": 10}]}"
	inside 'stat -c %u:%g /mapped/file'
	equals "$output" 5:7
}

@test "idmap: without user namespace and mappings there is nothing to map by" {
	add_mount '{"destination": "/mapped", "source": "/tmp", "options": ["bind", "idmap"]}'
	create_fails "mounts[" "idmap"
	configure '.mounts[-1].uidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	create_fails gidMappings
}

# ---- links ----

@test "copy-symlink: a link of the host is made again, not followed" {
	ln -s /etc/passwd "$BATS_TEST_TMPDIR/link"
	echo hello >"$BATS_TEST_TMPDIR/file"
	configure '.root.readonly = false'
	add_mount "{\"destination\": \"/new/link\", \"source\": \"$BATS_TEST_TMPDIR/link\", \"options\": [\"bind\", \"copy-symlink\"]}"
	add_mount "{\"destination\": \"/new/file\", \"source\": \"$BATS_TEST_TMPDIR/file\", \"options\": [\"bind\", \"copy-symlink\"]}"
	inside 'readlink /new/link; cat /new/file; cat /new/link'
	equals "$output" $'/etc/passwd\nhello\nroot:x:0:0:root:/root:/bin/sh'
}

@test "src-nofollow and dest-nofollow: links themselves are what is mounted, and where" {
	ln -s /etc/passwd "$BATS_TEST_TMPDIR/link"
	ln -s /absent "$bundle/rootfs/place"
	echo untouched >"$bundle/rootfs/etc/passwd"
	add_mount "{\"destination\": \"/place\", \"source\": \"$BATS_TEST_TMPDIR/link\", \"options\": [\"bind\", \"src-nofollow\", \"dest-nofollow\"]}"
	inside 'readlink /place; cat /place; ls /absent 2>&1; cut -d" " -f5 /proc/self/mountinfo | grep -c "^/place$"'
	equals "${lines[0]}" /etc/passwd
	equals "${lines[1]}" untouched
	equals "${lines[3]}" 1
}

# ---- linux.rootfsPropagation ----

# propagated WORD: "seen" when a mount of the host beneath the rootfs, made later, is there in the
# container. The host's is a mount namespace of the test's own, with shared mounts.
propagated()
{
	configure --arg word "$1" '.linux.rootfsPropagation = $word'
	mkdir -p "$bundle/rootfs/mnt"
	timeout 60 unshare -m --propagation shared bash -euc '
		mount --bind "$4/rootfs" "$4/rootfs"
		"$1" --root "$2" create --bundle "$4" "$3" </dev/null >"$4/said" 2>&1
		mount -t tmpfs none "$4/rootfs/mnt"
		touch "$4/rootfs/mnt/later"
		"$1" --root "$2" start "$3"
		pid=$("$1" --root "$2" state "$3" | jq .pid)
		if [ -e "/proc/$pid/root/mnt/later" ]; then echo seen; else echo "not seen"; fi
		nsenter -t "$pid" -m -- /bin/busybox mkdir -p /dev/shm/inner
		nsenter -t "$pid" -m -- /bin/busybox mount -t tmpfs none /tmp
		nsenter -t "$pid" -m -- /bin/busybox touch /tmp/back
		if [ -e "$4/rootfs/tmp/back" ]; then echo "comes back"; fi
		"$1" --root "$2" delete --force "$3"' - "$ORUN" "$state" "$id" "$bundle"
}

@test "rootfsPropagation: a slave sees later mounts of the host, and gives none back" {
	run -0 propagated slave
	equals "$output" seen
	run -0 propagated rslave
	equals "$output" seen
}

@test "rootfsPropagation: private neither sees nor gives" {
	run -0 propagated private
	equals "$output" "not seen"
	run -0 propagated rprivate
	equals "$output" "not seen"
}

@test "rootfsPropagation: unbindable neither sees nor gives, and cannot be bound" {
	run -0 propagated unbindable
	equals "$output" "not seen"
	configure '.process.capabilities = {bounding: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"]}'
	inside 'mount -o bind / /tmp 2>&1; true'
	output_has "Invalid argument"
}

@test "rootfsPropagation: a shared root is a peer group of its own, not the host's" {
	local peer
	run -0 propagated shared
	equals "$output" "not seen"
	start_it
	peer=$(awk '$5 == "/" { for (i = 7; $i != "-"; i++) if ($i ~ /^shared:/) print $i }' "/proc/$pid/mountinfo")
	[ -n "$peer" ]
	! grep -qw "$peer" /proc/self/mountinfo
}

# ---- control groups ----

# The group of a v1 controller.
group_of()
{
	echo "/sys/fs/cgroup/$1$(awk -F: -v controller="$1" '{ n = split($2, names, ","); for (i = 1; i <= n; i++) if (names[i] == controller) print $3 }' "/proc/$pid/cgroup")"
}

@test "cpu: burst and idle" {
	[ -e /sys/fs/cgroup/cpu/cpu.idle ] || skip "this kernel's v1 controller has no cpu.idle"
	configure '.linux.resources.cpu = {quota: 20000, period: 100000, burst: 10000}'
	start_it
	equals "$(cat "$(group_of cpu)/cpu.cfs_burst_us")" 10000
	stop_it
	configure '.linux.resources.cpu = {idle: 1}'
	start_it
	equals "$(cat "$(group_of cpu)/cpu.idle")" 1
	stop_it
	configure '.linux.resources.cpu = {quota: 20000, period: 100000, burst: 30000}'
	create_fails linux.resources.cpu.burst
}

@test "hugepageLimits: a limit in the hierarchy that has the controller" {
	local group
	grep -qw hugetlb /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null ||
		skip "hugetlb is not a controller of v2 here"
	configure '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	start_it
	group=/sys/fs/cgroup/unified$(awk -F: '$1 == 0 { print $3 }' "/proc/$pid/cgroup")
	equals "$(cat "$group/hugetlb.2MB.max")" 4194304
	stop_it
	configure '.linux.resources.hugepageLimits = [{pageSize: "64KB", limit: 4096}]'
	create_fails 'linux.resources.hugepageLimits[0]'
}

@test "controllers that this kernel lacks are told, and not passed over" {
	! grep -qE 'cgroup.*\b(rdma|net_cls)\b' /proc/self/mounts || skip "this machine has them"
	! grep -qw rdma /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null ||
		skip "this machine has them"
	configure '.linux.resources.rdma = {mlx5_1: {hcaHandles: 3}}'
	create_fails linux.resources.rdma
	configure 'del(.linux.resources.rdma) | .linux.resources.network = {classID: 1048577}'
	create_fails linux.resources.network.classID
}

@test "domainname without a namespace of its own is refused" {
	without_namespace uts
	configure 'del(.hostname) | .domainname = "example.org"'
	create_fails domainname
}
