#!/usr/bin/env bats
# orun pause, orun resume.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# A container that counts in a file; the count is outside it too.
run_counter()
{
	configure '.root.readonly = false'
	script 'i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.02; done'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	wait_for 5 test -s "$bundle/rootfs/tmp/count"
}

count() { cat "$bundle/rootfs/tmp/count"; }
counts_beyond() { [ "$(count)" -gt "$1" ]; }

create() { orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }

@test "a paused container stands still and goes on where it was" {
	run_counter
	run -0 orun pause "$id"
	equals "$output" ""
	equals "$(status_of "$id")" paused
	before=$(count)
	sleep 0.3
	equals "$(count)" "$before"
	run -0 orun resume "$id"
	equals "$output" ""
	equals "$(status_of "$id")" running
	wait_for 5 counts_beyond "$before"
}

@test "list says paused" {
	run_counter
	orun pause "$id"
	equals "$(orun list --format json | jq -r '.[0].status')" paused
	[[ $(orun list) == *" paused "* ]]
}

@test "what is paused is not paused again, what runs is not resumed" {
	run_counter
	run -1 orun resume "$id"
	output_has "container not paused"
	orun pause "$id"
	run -1 orun pause "$id"
	output_has "container not running"
	equals "$(status_of "$id")" paused
	orun resume "$id"
	run -1 orun resume "$id"
	output_has "container not paused"
}

@test "a created container can be paused, and starts when it is resumed" {
	script 'echo started >/tmp/started; sleep 1000'
	configure '.root.readonly = false'
	create
	orun pause "$id"
	equals "$(status_of "$id")" paused
	run -1 timeout 10 "$ORUN" --root "$state" start "$id"
	output_has "cannot start a container in the paused state"
	orun resume "$id"
	equals "$(status_of "$id")" created
	orun start "$id"
	wait_for 5 test -s "$bundle/rootfs/tmp/started"
}

@test "a stopped container can be neither" {
	program /bin/true
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	wait_for_status "$id" stopped
	run -1 orun pause "$id"
	output_has "container not running"
	run -1 orun resume "$id"
	output_has "container not paused"
	run -1 orun pause "$id-none"
	output_has "does not exist"
	run -1 orun resume "$id-none"
	output_has "does not exist"
}

@test "a paused container can be killed" {
	run_counter
	orun pause "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}

@test "another signal waits until the container goes on" {
	script 'trap "exit 0" TERM; while :; do sleep 0.02; done'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	orun pause "$id"
	orun kill "$id" TERM
	equals "$(status_of "$id")" paused
	orun resume "$id"
	wait_for_status "$id" stopped
}

@test "a paused container is deleted by force only" {
	run_counter
	orun pause "$id"
	run -1 orun delete "$id"
	output_has "paused"
	orun delete --force "$id"
	nothing_left
}

@test "processes that fork all the time are paused all the same" {
	script 'while :; do for i in 1 2 3 4 5 6 7 8; do /bin/true & done; wait; done'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	for _ in 1 2 3 4 5; do
		orun pause "$id"
		first=$(orun ps --format json "$id")
		sleep 0.05
		equals "$(orun ps --format json "$id")" "$first"
		orun resume "$id"
	done
}

@test "cgroup v2 freezes too" {
	program /bin/sleep 1000
	with_v2_alone 'orun pause "$id"
		orun state "$id" | jq -r .status
		cat "$(find /sys/fs/cgroup -type d -name "$id")/cgroup.freeze"
		orun resume "$id"
		orun state "$id" | jq -r .status'
	equals "$(tr '\n' ' ' <<<"$output")" "paused 1 running "
}

@test "runc says the same about the wrong status" {
	need_runc
	run_counter
	runc_run --detach </dev/null >"$BATS_TEST_TMPDIR/said-runc" 2>&1
	theirs=$(runc --root "$BATS_TEST_TMPDIR/runc" resume "$id-runc" 2>&1 || true)
	runc --root "$BATS_TEST_TMPDIR/runc" pause "$id-runc"
	again=$(runc --root "$BATS_TEST_TMPDIR/runc" pause "$id-runc" 2>&1 || true)
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	[[ $theirs == *"container not paused"* ]]
	[[ $again == *"container not running"* ]]
}
