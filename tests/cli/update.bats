#!/usr/bin/env bats
# orun update: other limits for a container that is there.
load helpers

setup() { make_bundle; }
teardown()
{
	# That of the comparison, when it failed half way.
	[ ! -d "$BATS_TEST_TMPDIR/runc/$id-runc" ] ||
		runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	remove_containers
}

need_v1()
{
	if ! [ -e /sys/fs/cgroup/memory/tasks ] || ! [ -e /sys/fs/cgroup/cpu/tasks ]; then
		skip "the files that are looked at are those of cgroup v1"
	fi
}

need_v2()
{
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null ||
		skip "memory and cpu are no controllers of cgroup v2 here"
}

run_limited()
{
	need_v1
	configure '.linux.resources.memory = {limit: 67108864, swap: 134217728, reservation: 33554432}
		| .linux.resources.pids = {limit: 20}
		| .linux.resources.cpu = {quota: 50000, period: 100000, shares: 512}'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

# value CONTROLLER FILE [ID]
value() { cat "$(find "/sys/fs/cgroup/$1" -type d -name "${3:-$id}")/$2"; }

# Everything that run_limited limits, on one line.
limits()
{
	local name=${1:-$id} file
	for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes; do
		printf '%s ' "$(value memory $file "$name")"
	done
	for file in cpu.shares cpu.cfs_period_us cpu.cfs_quota_us cpu.cfs_burst_us cpu.idle; do
		printf '%s ' "$(value cpu $file "$name")"
	done
	printf '%s %s\n' "$(value pids pids.max "$name")" "$(value cpuset cpuset.cpus "$name")"
}

@test "each option changes its file and no other" {
	run_limited
	equals "$(limits)" "67108864 134217728 33554432 512 100000 50000 0 0 20 0-1"
	orun update --memory 100m "$id"
	equals "$(limits)" "104857600 134217728 33554432 512 100000 50000 0 0 20 0-1"
	orun update --memory-swap 209715200 "$id"
	equals "$(limits)" "104857600 209715200 33554432 512 100000 50000 0 0 20 0-1"
	orun update --memory-reservation 40MiB "$id"
	equals "$(limits)" "104857600 209715200 41943040 512 100000 50000 0 0 20 0-1"
	orun update --cpu-share 256 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 100000 50000 0 0 20 0-1"
	orun update --cpu-period 200000 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 200000 50000 0 0 20 0-1"
	orun update --cpu-quota 60000 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 200000 60000 0 0 20 0-1"
	orun update --cpu-burst 10000 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 200000 60000 10000 0 20 0-1"
	orun update --pids-limit 30 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 200000 60000 10000 0 30 0-1"
	orun update --cpuset-cpus 0 --cpuset-mems 0 "$id"
	equals "$(limits)" "104857600 209715200 41943040 256 200000 60000 10000 0 30 0"
	orun update --cpu-idle 1 "$id"
	equals "$(value cpu cpu.idle)" 1
}

@test "nothing asked for changes nothing" {
	run_limited
	before=$(limits)
	orun update "$id"
	orun update --memory 0 --cpu-share 0 --cpu-quota 0 --blkio-weight 0 "$id"
	orun update --memory= --cpuset-cpus= --pids-limit= "$id"
	orun update --resources - "$id" <<<'{}'
	orun update --resources - "$id" <<<'{"memory": {"limit": 0, "swap": 0}, "cpu": {"shares": 0,
		"quota": 0, "period": 0, "cpus": "", "mems": ""}, "blockIO": {"weight": 0}, "pids": null}'
	equals "$(limits)" "$before"
}

@test "-1 is unlimited" {
	run_limited
	orun update --cpu-quota -1 --pids-limit -1 --memory-reservation -1 "$id"
	equals "$(value cpu cpu.cfs_quota_us)" -1
	equals "$(value pids pids.max)" max
	orun update --memory -1 "$id"
	# Of memory and, without a word about it, of swap.
	[ "$(value memory memory.limit_in_bytes)" -gt 9000000000000000000 ]
	[ "$(value memory memory.memsw.limit_in_bytes)" -gt 9000000000000000000 ]
}

@test "containerd's call: resources on standard input" {
	run_limited
	run -0 "$ORUN" --root "$state" --log "$BATS_TEST_TMPDIR/log.json" --log-format json \
		update --resources=- "$id" <<<'{"devices": [{"allow": false, "access": "rwm"}],
		"memory": {"limit": 50331648, "swap": 50331648, "swappiness": 18446744073709551615},
		"cpu": {"shares": 1024, "quota": 20000, "period": 50000}, "pids": {"limit": 7},
		"somethingNew": {"x": [1.5]}}'
	equals "$output" ""
	equals "$(limits)" "50331648 50331648 33554432 1024 50000 20000 0 0 7 0-1"
}

@test "resources in a file, and those that come through a pipe" {
	run_limited
	echo '{"pids": {"limit": 8}}' >"$BATS_TEST_TMPDIR/resources"
	orun update -r "$BATS_TEST_TMPDIR/resources" "$id"
	equals "$(value pids pids.max)" 8
	# The options beside it are ignored, as runc does.
	orun update --memory 1m --resources <(echo '{"pids": {"limit": 9}}') "$id"
	equals "$(value pids pids.max)" 9
	equals "$(value memory memory.limit_in_bytes)" 67108864
}

@test "rules for devices stay as they are" {
	run_limited
	before=$(value devices devices.list)
	orun update --resources - "$id" <<<'{"devices": [{"allow": true, "access": "rwm"}], "pids": {"limit": 7}}'
	equals "$(value devices devices.list)" "$before"
	equals "$(value pids pids.max)" 7
}

@test "memory and swap change in any direction" {
	run_limited
	orun update --memory 268435456 --memory-swap 536870912 "$id"
	equals "$(limits | cut -d' ' -f1,2)" "268435456 536870912"
	orun update --memory 33554432 --memory-swap 67108864 "$id"
	equals "$(limits | cut -d' ' -f1,2)" "33554432 67108864"
	orun update --memory 67108864 --memory-swap 67108864 "$id"
	equals "$(limits | cut -d' ' -f1,2)" "67108864 67108864"
	orun update --memory 67108864 --memory-swap -1 "$id"
	equals "$(limits | cut -d' ' -f1)" 67108864
	run -1 orun update --memory 67108864 --memory-swap 1048576 "$id"
	output_has "memory"
	equals "$(limits | cut -d' ' -f1)" 67108864
}

# The last write is refused by the kernel: there is no such number of tasks.
@test "an update that fails half way changes nothing" {
	run_limited
	before=$(limits)
	for options in "--memory 256m --memory-swap 512m" "--memory 32m --memory-swap 48m" \
		"--memory -1" "--memory-swap -1" "--cpu-period 200000 --cpu-quota 10000 --cpu-burst 5000" \
		"--cpu-quota -1 --cpu-share 2 --cpuset-cpus 1" "--cpu-idle 1" \
		"--memory-reservation 1m --cpu-period 5000"; do
		# shellcheck disable=SC2086 # several words
		run -1 orun update $options --pids-limit 99999999999 "$id"
		output_has "linux.resources.pids.limit"
		output_has "invalid argument"
		[[ $output != *restored* ]] || { echo "$output"; return 1; }
		equals "$(limits)" "$before"
	done
	# Each of them is a change when nothing stands in the way.
	orun update --memory 256m --memory-swap 512m --pids-limit 9 "$id"
	[ "$(limits)" != "$before" ]
}

@test "limits are restored when the cache or bandwidth cannot be shared out" {
	run_limited
	! grep -q ' resctrl ' /proc/mounts || skip "resctrl is mounted here"
	before=$(limits)
	run -1 orun update --memory 256m --memory-swap 512m --l3-cache-schema "L3:0=f" "$id"
	output_has "resctrl is not mounted"
	equals "$(limits)" "$before"
	run -1 orun update --mem-bw-schema "MB:0=20" "$id"
	output_has "resctrl is not mounted"
}

@test "a limit below what is in use is refused, and says what is in use" {
	run_limited
	add_tmpfs=$(find /sys/fs/cgroup/memory -type d -name "$id")
	# Pages of a tmpfs cannot be dropped, and there is no swap.
	[ "$(awk '/SwapTotal/ { print $2 }' /proc/meminfo)" -eq 0 ] || skip "there is swap to move pages to"
	orun exec "$id" /bin/sh -c 'head -c 20000000 /dev/zero >/dev/shm/fill' </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run -1 orun update --memory 4m --pids-limit 9 "$id"
	output_has "current usage: "
	equals "$(cat "$add_tmpfs/memory.limit_in_bytes")" 67108864
	equals "$(value pids pids.max)" 20
}

@test "created and paused containers can be updated, stopped ones not" {
	need_v1
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	orun update --pids-limit 11 "$id"
	equals "$(value pids pids.max)" 11
	orun pause "$id"
	orun update --pids-limit 12 --memory 64m "$id"
	equals "$(value pids pids.max)" 12
	equals "$(status_of "$id")" paused
	orun resume "$id"
	equals "$(status_of "$id")" created
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	run -1 orun update --pids-limit 13 "$id"
	output_has "container not running"
	run -1 orun update --pids-limit 13 "$id-none"
	output_has "does not exist"
}

@test "wrong words name their option" {
	run_limited
	before=$(limits)
	for words in "--memory=lots" "--memory=-2" "--memory=1x" "--memory=99999999999g" "--cpu-period=-1" \
		"--cpu-quota=1.5" "--cpu-share=x" "--cpu-burst=1s" "--cpu-idle=yes" "--pids-limit=many" \
		"--blkio-weight=-1" "--memory-swap=1e9" "--cpu-rt-period= 1" "--cpu-rt-runtime=0x1"; do
		run -1 orun update "$words" "$id"
		name=${words%%=*}
		output_has "invalid value for ${name#--}"
	done
	run -1 orun update --cpu-share 1 "$id"
	output_has "the minimum allowed cpu-shares is 2"
	run -1 orun update --cpu-share 1000000 "$id"
	output_has "the maximum allowed cpu-shares is 262144"
	run -1 orun update --cpuset-cpus 4096 --pids-limit 3 "$id"
	output_has "linux.resources.cpu.cpus"
	run -1 orun update --no-such-thing 1 "$id"
	output_has "flag provided but not defined"
	equals "$(limits)" "$before"
}

@test "wrong resources are refused as a whole" {
	run_limited
	before=$(limits)
	for text in '' 'x' '[]' '{"pids": 5}' '{"pids": {"limit": "5"}}' '{"pids": {"limit": 1e99}}' \
		'{"pids": {"limit": 5}} {}' '{"pids": {"limit": 5}, "memory": {"swappiness": 101}}' \
		'{"pids": {"limit": 5}, "unified": {"../x": "1"}}' \
		'{"pids": {"limit": 5}, "hugepageLimits": [{"pageSize": "../2MB", "limit": 1}]}' \
		'{"pids": {"limit": 5}, "cpu": {"cpus": "0\n1"}}'; do
		run -1 orun update --resources - "$id" <<<"$text"
		equals "$(limits)" "$before"
	done
	run -1 orun update --resources - "$id" <<<'{"pids": {"limit": "5"}}'
	output_has "pids.limit: expected integer, found string"
	run -1 orun update --resources /nowhere "$id"
	output_has "no such file or directory"
	run -1 orun update --resources / "$id"
	output_has "is a directory"
}

# Both make a container from the same configuration and are given the same updates. Of those that fail only such
# as leave nothing behind under runc.
@test "the same updates have the same effect under runc" {
	need_runc
	run_limited
	runc_run --detach </dev/null >"$BATS_TEST_TMPDIR/said-runc" 2>&1
	while read -r options; do
		ours=0
		theirs=0
		# shellcheck disable=SC2086 # several words
		orun update $options "$id" 2>"$BATS_TEST_TMPDIR/ours" || ours=1
		# shellcheck disable=SC2086 # several words
		runc --root "$BATS_TEST_TMPDIR/runc" update $options "$id-runc" 2>"$BATS_TEST_TMPDIR/theirs" || theirs=1
		echo "$options: $ours $theirs" "$(cat "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs")"
		[ "$ours" = "$theirs" ]
		[ "$(limits)" = "$(limits "$id-runc")" ] || {
			limits
			limits "$id-runc"
			false
		}
	done <<'TEXT'
--memory 100m
--memory-swap 300m
--memory 200m --memory-swap 400m
--memory 32m --memory-swap 64m
--memory 65m --memory-swap 64m
--cpu-period 50000
--cpu-quota 30000
--cpu-quota -1
--cpu-quota 40000 --cpu-period 80000
--cpu-period 10
--cpu-share 100
--cpuset-cpus 1
--cpuset-cpus 77
--pids-limit 5
--pids-limit -1
--memory -1
--memory-reservation 16m
--memory 1.5k
--memory 10q
TEXT
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
}

run_limited_v2()
{
	need_v2
	configure '.linux.resources.memory = {limit: 67108864, swap: 134217728, reservation: 33554432}
		| .linux.resources.pids = {limit: 20}
		| .linux.resources.cpu = {quota: 50000, period: 100000, shares: 1024}'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

# The same on v2, whose swap is without memory.
limits_v2()
{
	local file group
	group=$(find /sys/fs/cgroup -type d -name "$id")
	for file in memory.max memory.swap.max memory.low cpu.weight cpu.max cpu.max.burst cpu.idle; do
		printf '%s ' "$(cat "$group/$file")"
	done
	printf '%s %s\n' "$(cat "$group/pids.max")" "$(cat "$group/cpuset.cpus")"
}

@test "v2: each option changes its file and no other" {
	run_limited_v2
	weight=$(limits_v2 | cut -d' ' -f4)
	equals "$(limits_v2)" "67108864 67108864 33554432 $weight 50000 100000 0 0 20 "
	# The sum of memory and swap stays.
	orun update --memory 100m "$id"
	equals "$(limits_v2)" "104857600 29360128 33554432 $weight 50000 100000 0 0 20 "
	orun update --memory-swap 209715200 "$id"
	equals "$(limits_v2)" "104857600 104857600 33554432 $weight 50000 100000 0 0 20 "
	orun update --memory-reservation 40MiB "$id"
	equals "$(limits_v2)" "104857600 104857600 41943040 $weight 50000 100000 0 0 20 "
	orun update --cpu-period 200000 "$id"
	equals "$(limits_v2)" "104857600 104857600 41943040 $weight 50000 200000 0 0 20 "
	orun update --cpu-quota 60000 "$id"
	equals "$(limits_v2)" "104857600 104857600 41943040 $weight 60000 200000 0 0 20 "
	orun update --cpu-burst 10000 "$id"
	equals "$(limits_v2)" "104857600 104857600 41943040 $weight 60000 200000 10000 0 20 "
	orun update --cpuset-cpus 0 --pids-limit 30 "$id"
	equals "$(limits_v2)" "104857600 104857600 41943040 $weight 60000 200000 10000 0 30 0"
	orun update --cpu-share 2 "$id"
	equals "$(limits_v2 | cut -d' ' -f4)" 1
	orun update --cpu-quota -1 --memory -1 "$id"
	equals "$(limits_v2)" "max max 41943040 1 max 200000 10000 0 30 0"
	orun update --resources - "$id" <<<'{"unified": {"memory.high": "50331648", "pids.max": "40"}}'
	equals "$(limits_v2)" "max max 41943040 1 max 200000 10000 0 40 0"
}

@test "v2: an update that fails half way changes nothing" {
	run_limited_v2
	orun update --cpu-burst 1000 "$id"
	before=$(limits_v2)
	for options in "--memory 256m --memory-swap 512m" "--memory 32m --memory-swap 48m" \
		"--memory -1" "--cpu-period 200000 --cpu-quota 10000 --cpu-burst 5000" \
		"--cpu-quota -1 --cpu-share 2 --cpuset-cpus 0" "--cpu-idle 1" \
		"--memory-reservation 1m --cpu-period 5000"; do
		# shellcheck disable=SC2086 # several words
		run -1 orun update $options --pids-limit 99999999999 "$id"
		output_has "linux.resources.pids.limit"
		[[ $output != *restored* ]] || { echo "$output"; return 1; }
		# Older kernels give no empty cpuset back, but one with the same processors.
		equals "$(limits_v2 | sed 's/ 0-[0-9]*$/ /')" "$before"
	done
	orun update --memory 256m --memory-swap 512m --pids-limit 9 "$id"
	[ "$(limits_v2)" != "$before" ]
}

@test "v2: checkBeforeUpdate refuses a limit below what is in use" {
	run_limited_v2
	before=$(limits_v2)
	run -1 orun update --resources - "$id" <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	output_has "in use"
	equals "$(limits_v2)" "$before"
	equals "$(status_of "$id")" running
}
