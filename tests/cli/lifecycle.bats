#!/usr/bin/env bats
# runtime.md, Lifecycle and Operations, step by step; and many at once.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "a whole life: created, running, stopped, gone" {
	orun create "$id"
	equals "$(status_of "$id")" created
	orun start "$id"
	equals "$(status_of "$id")" running
	wait_for 5 grep -q "SigCgt:.*4" "/proc/$(pid_of "$id")/status"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	orun delete "$id"
	run -1 orun state "$id"
	output_has "does not exist"
	nothing_left
}

@test "operations on what does not exist are errors" {
	for verb in state start kill delete; do
		run -1 orun $verb "$id"
		output_has "container $id does not exist"
	done
}

@test "an operation that is not allowed has no effect" {
	orun run --detach "$id"
	local before
	before=$(orun state "$id")
	run -1 orun start "$id"
	run -1 orun delete "$id"
	run -1 orun create "$id"
	equals "$(orun state "$id")" "$before"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	before=$(orun state "$id")
	run -1 orun start "$id"
	run -1 orun kill "$id" KILL
	run -1 orun create "$id"
	equals "$(orun state "$id")" "$before"
}

@test "what config.json says after create has no effect" {
	script 'hostname; echo first'
	orun create "$id" >"$BATS_TEST_TMPDIR/out" 2>&1
	configure '.hostname = "changed" | .process.args = ["/bin/echo", "second"] | .annotations = {new: "x"}'
	orun start "$id"
	wait_for_status "$id" stopped
	equals "$(cat "$BATS_TEST_TMPDIR/out")" $'orun\nfirst'
	equals "$(orun state "$id" | jq 'has("annotations")')" false
	rm "$bundle/config.json"
	orun delete "$id"
}

@test "of 50 creates of one id exactly one wins, and nothing is left of the others" {
	local i pids=() wins=0 pid
	for i in {1..50}; do
		orun create "$id" >/dev/null 2>>"$BATS_TEST_TMPDIR/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then wins=$((wins + 1)); fi
	done
	equals $wins 1
	equals "$(grep -vc "already exists" "$BATS_TEST_TMPDIR/said" || true)" 0
	equals "$(status_of "$id")" created
	pid=$(pid_of "$id")
	equals "$(grep -lsF "$bundle/rootfs" /proc/[0-9]*/mountinfo 2>/dev/null | cut -d/ -f3 | xargs)" "$pid"
	equals "$(cgroups_named "$id" | xargs -I{} cat {}/cgroup.procs | sort -u)" "$pid"
	orun start "$id"
	orun delete --force "$id"
	nothing_left
}

@test "20 different ids at once" {
	local i pids=()
	for i in {1..20}; do
		(orun create "$id-$i" && orun start "$id-$i") >/dev/null 2>>"$BATS_TEST_TMPDIR/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	equals "$(cat "$BATS_TEST_TMPDIR/said")" ""
	equals "$(orun list -f json | jq '[.[] | select(.status == "running")] | length')" 20
	pids=()
	for i in {1..20}; do
		orun delete --force "$id-$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	nothing_left
}

@test "a create that is killed at any moment leaves nothing that delete --force cannot remove" {
	local delay
	for delay in 0.001 0.002 0.003 0.004 0.006 0.008 0.010 0.015; do
		timeout -s KILL $delay "$ORUN" --root "$state" create --bundle "$bundle" "$id" >/dev/null 2>&1 || true  # killed, or done before
		orun delete --force "$id"
		nothing_left
	done
}

@test "the container outlives the one who created it" {
	setsid bash -c 'cd "$1" && "$2" --root "$3" create "$4" && "$2" --root "$3" start "$4"' \
		- "$bundle" "$ORUN" "$state" "$id" >/dev/null 2>&1 3>&-
	sleep 0.2
	equals "$(status_of "$id")" running
}

@test "a container whose program ends by itself is stopped" {
	script 'sleep 0.2'
	orun run --detach "$id"
	equals "$(status_of "$id")" running
	wait_for_status "$id" stopped
}

@test "the same bundle can serve several containers" {
	orun create "$id"
	orun create "$id-2"
	orun start "$id-2"
	equals "$(status_of "$id")" created
	equals "$(status_of "$id-2")" running
}
