#!/usr/bin/env bats
# orun events: statistics, and notice of lack of memory.
load helpers

setup()
{
	make_bundle
	printed=$BATS_TEST_TMPDIR/printed
}
teardown() { remove_containers; }

run_detached() { orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }

run_limited()
{
	configure '.linux.resources.memory = {limit: 67108864, swap: 134217728, reservation: 33554432}
		| .linux.resources.pids = {limit: 20}
		| .linux.resources.cpu = {quota: 50000, period: 100000, shares: 512, cpus: "0"}'
	run_detached
}

# events in the background, its lines in $printed; $watcher is its pid.
watch()
{
	(cd "$bundle" && exec "$ORUN" --root "$state" events "$@" "$id") </dev/null >"$printed" \
		2>"$BATS_TEST_TMPDIR/complaints" 3>&- &
	watcher=$!
}

lines_printed() { [ "$(wc -l <"$printed")" -ge "$1" ]; }

@test "stats are printed once, and are what the limits say" {
	run_limited
	run -0 orun events --stats "$id"
	equals "${#lines[@]}" 1
	equals "$(jq -r '.type, .id' <<<"$output" | tr '\n' ' ')" "stats $id "
	equals "$(jq '.data.memory.usage.limit' <<<"$output")" 67108864
	equals "$(jq '.data.memory.swap.limit' <<<"$output")" 134217728
	equals "$(jq '.data.pids.limit' <<<"$output")" 20
	# v2 has no files for the rest of it, so runc leaves it out there.
	[ ! -e /sys/fs/cgroup/cpuset/tasks ] || equals "$(jq -c '.data.cpuset.cpus' <<<"$output")" "[0]"
	jq -e '.data.pids.current >= 1 and .data.memory.usage.usage > 0' <<<"$output"
	jq -e '.data.cpu.usage | .total > 0 and (.percpu // [0] | add) <= .total + 1000000000' <<<"$output"
	jq -e '.data.memory.raw.pgfault >= 0 and (.data.memory.raw | keys == keys_unsorted)' <<<"$output"
	jq -e '.data | has("hugetlb") and has("intel_rdt") and .network_interfaces == null' <<<"$output"
}

# Field by field: the names, whether they are there, and the values that do not change by the moment.
@test "stats are runc's" {
	need_runc
	run_limited
	runc_run --detach </dev/null >"$BATS_TEST_TMPDIR/said-runc" 2>&1
	runc --root "$BATS_TEST_TMPDIR/runc" events --stats "$id-runc" >"$BATS_TEST_TMPDIR/theirs"
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	orun events --stats "$id" >"$BATS_TEST_TMPDIR/ours"
	# runc counts nothing of v2 beside v1, and old ones print parts that are empty: both are dropped. What is
	# left out when it is 0 depends on the moment, so it is taken as a number that is there.
	filter='del(.id) | del(.. | .psi?) | .data.hugetlb = {}
		| del(.data.cpu.throttling, .data.memory.cache, .data.blkio, .data.memory.raw.total_cache)
		| del(.data.memory[] | select(type == "object" and .limit == 0 and .failcnt == 0))
		| del(.data.memory.kernelTCP.usage, .data.memory.kernelTCP.max)
		| (.data.cpu.usage, .data.memory.raw, .data.memory.usage, .data.memory.swap,
			.data.memory.kernel, .data.pids)
			|= ((. // {}) | map_values(if . == 0 or type == "array" then type else . end))
		| (.data.cpu.usage, .data.memory.raw) |= map_values("counted")
		| (.data.memory[] | objects | select(has("usage"))) |= (.usage = "counted" | .max = "counted")
		| .data.pids.current = "counted"'
	ours=$(jq -S "$filter" "$BATS_TEST_TMPDIR/ours")
	theirs=$(jq -S "$filter" "$BATS_TEST_TMPDIR/theirs")
	diff <(echo "$theirs") <(echo "$ours")
}

@test "created and paused containers have stats, stopped ones have none" {
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	orun events --stats "$id" | jq -e '.data.pids.current == 1'
	orun pause "$id"
	orun events --stats "$id" | jq -e '.data.pids.current == 1'
	orun resume "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	run -1 orun events --stats "$id"
	output_has "container with id $id is not running"
	run -1 timeout 10 "$ORUN" --root "$state" events "$id"
	output_has "is not running"
	run -1 orun events --stats "$id-none"
	output_has "does not exist"
}

@test "stats come again and again until the container ends" {
	run_detached
	watch --interval 50ms
	wait_for 10 lines_printed 3
	orun kill "$id" KILL
	wait "$watcher"
	equals "$(jq -r .type "$printed" | sort -u)" stats
	equals "$(jq -r .id "$printed" | sort -u)" "$id"
	equals "$(cat "$BATS_TEST_TMPDIR/complaints")" ""
}

@test "the first stats come after the interval" {
	run_detached
	watch --interval 1h
	sleep 0.3
	orun kill "$id" KILL
	wait "$watcher"
	equals "$(cat "$printed")" ""
}

@test "a reader that goes away ends it" {
	run_detached
	# The status of events, which writes into a pipe that nobody reads any more.
	run -0 bash -c '"$1" --root "$2" events --interval 20ms "$3" 2>/dev/null | head -n1 | jq -r .type
		[ "${PIPESTATUS[0]}" -ne 0 ]' - "$ORUN" "$state" "$id"
	equals "$output" stats
}

@test "intervals are durations above 0" {
	run_detached
	for word in 0 0s -1s; do
		run -1 orun events --interval "$word" "$id"
		output_has "duration interval must be greater than 0"
	done
	for word in 5 s "" 5sec 99999999h; do
		run -1 orun events --interval "$word" "$id"
		output_has "duration \"$word\""
	done
	run -0 orun events --interval 1h --stats "$id"
}

# The program of a container that takes more memory than it may, twice.
hog='sleep 0.3; tail /dev/zero; echo $?; sleep 0.3; tail /dev/zero; echo $?; sleep 0.3'

start_hog()
{
	[ -e /sys/fs/cgroup/memory/cgroup.event_control ] ||
		grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || skip "no controller of memory"
	ln -s busybox "$bundle/rootfs/bin/tail"
	configure '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	script "$1"
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

@test "lack of memory is told" {
	start_hog "$hog"
	watch --interval 1h
	orun start "$id"
	wait "$watcher"
	equals "$(sort -u "$printed")" "{\"type\":\"oom\",\"id\":\"$id\"}"
	[ "$(wc -l <"$printed")" -ge 2 ]
}

@test "lack of memory that ends the container is told too" {
	start_hog 'sleep 0.3; exec tail /dev/zero'
	watch --interval 1h
	orun start "$id"
	wait "$watcher"
	equals "$(head -n1 "$printed")" "{\"type\":\"oom\",\"id\":\"$id\"}"
	wait_for_status "$id" stopped
}

@test "no lack of memory is told of a container that is deleted" {
	start_hog 'sleep 1000'
	watch --interval 1h
	orun start "$id"
	sleep 0.2
	orun delete --force "$id"
	wait "$watcher"
	equals "$(cat "$printed")" ""
}

# Where v2 has no controllers, its groups count all the same.
@test "cgroup v2 has statistics too" {
	with_v2_alone 'orun events --stats "$id"'
	jq -e '.data.pids.current >= 1 and .data.cpu.usage.total > 0' <<<"$output"
	jq -e '.data.cpu.usage | has("percpu") | not' <<<"$output"
}
