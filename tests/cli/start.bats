#!/usr/bin/env bats
# orun start: lets the program of a created container run, once.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "start runs the program" {
	script 'echo ran >/tmp/ran; sleep 100'
	configure '.root.readonly = false'
	orun create "$id"
	run -0 orun start "$id"
	equals "$output" ""
	wait_for 5 test -s "$bundle/rootfs/tmp/ran"
	equals "$(status_of "$id")" running
}

@test "the program keeps the pid that create told" {
	orun create --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	orun start "$id"
	equals "$(pid_of "$id")" "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait_for 5 grep -q busybox "/proc/$(pid_of "$id")/maps"
}

@test "the program writes to the stdout of create" {
	script 'echo out; echo err >&2'
	orun create "$id" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	orun start "$id" >"$BATS_TEST_TMPDIR/start-out" 2>&1
	wait_for_status "$id" stopped
	equals "$(cat "$BATS_TEST_TMPDIR/out")" out
	equals "$(cat "$BATS_TEST_TMPDIR/err")" err
	equals "$(cat "$BATS_TEST_TMPDIR/start-out")" ""
}

@test "a running container cannot be started" {
	orun run --detach "$id"
	run -1 orun start "$id"
	output_has "cannot start an already running container"
	equals "$(status_of "$id")" running
}

@test "a stopped container cannot be started" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	run -1 orun start "$id"
	output_has "cannot start a container that has stopped"
}

@test "a created container whose init was killed cannot be started" {
	orun create "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	run -1 orun start "$id"
	output_has "cannot start a container that has stopped"
}

@test "start of what does not exist says so" {
	run -1 orun start "$id"
	output_has "container $id does not exist"
}

@test "start wants one id" {
	run -1 orun start
	output_has "wants ID"
	run -1 orun start a b
	output_has "wants ID"
}

@test "of many starts at once exactly one succeeds" {
	local wins=0 i pids=()
	orun create "$id"
	for i in {1..20}; do
		orun start "$id" 2>/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then wins=$((wins + 1)); fi
	done
	equals $wins 1
	equals "$(status_of "$id")" running
}

@test "an execve that fails is told by start, and the container is then stopped" {
	printf '#!/absent/interpreter\n' >"$bundle/rootfs/bin/odd"
	chmod 755 "$bundle/rootfs/bin/odd"
	program /bin/odd
	orun create "$id"
	run -1 orun start "$id"
	output_has "/bin/odd"
	output_has "no such file or directory"
	output_has "/absent/interpreter"
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}

@test "a program that is absent is told by start" {
	program /bin/absent
	orun create "$id"
	run -1 orun start "$id"
	output_has "start: "
	output_has "/bin/absent"
	output_has "no such file or directory"
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}
