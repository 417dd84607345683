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

# start_says TEXT…: a start that fails, and says each text.
start_says()
{
	local text
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run -1 orun start "$id"
	for text; do
		output_has "$text"
	done
}

@test "an interpreter that is missing is named" {
	printf '#!/usr/bin/absent -e\n' >"$bundle/rootfs/bin/script"
	chmod 755 "$bundle/rootfs/bin/script"
	program /bin/script
	start_says "init: execve: exec /bin/script: no such file or directory" \
		"its interpreter '/usr/bin/absent' is missing in the rootfs"
}

@test "a dynamic loader that is missing is named" {
	local dynamic
	dynamic=$(command -v bash)
	cp "$dynamic" "$bundle/rootfs/bin/dynamic"
	program /bin/dynamic
	start_says "exec /bin/dynamic: no such file or directory" "its dynamic loader '/lib" \
		"is missing in the rootfs"
}

@test "a program for another machine is told from a text" {
	# The header of an executable for s390x, and nothing behind it.
	printf '\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\2\0\26%048d' 0 >"$bundle/rootfs/bin/odd"
	chmod 755 "$bundle/rootfs/bin/odd"
	program /bin/odd
	start_says "exec /bin/odd: exec format error; a program for "
	orun delete --force "$id"
	printf 'echo hello\n' >"$bundle/rootfs/bin/odd"
	start_says "exec format error; neither a program nor a script that begins with '#!'"
}

@test "permission denied says which permission" {
	printf '#!/bin/sh\n' >"$bundle/rootfs/bin/script"
	chmod 640 "$bundle/rootfs/bin/script"
	program /bin/script
	start_says "permission denied; it is not executable: mode 0640"
	orun delete --force "$id"
	chmod 755 "$bundle/rootfs/bin/script"
	mkdir -p "$bundle/rootfs/closed"
	mv "$bundle/rootfs/bin/script" "$bundle/rootfs/closed/"
	chmod 700 "$bundle/rootfs/closed"
	configure '.process.user.uid = 1000'
	program /closed/script
	start_says "permission denied; user 1000 may not search the directory '/closed'"
}

@test "permission denied names a noexec mount" {
	mkdir -p "$BATS_TEST_TMPDIR/programs"
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/programs/script"
	chmod 755 "$BATS_TEST_TMPDIR/programs/script"
	add_mount '{ "destination": "/programs", "type": "bind", "options": ["bind", "noexec"],
		"source": "'"$BATS_TEST_TMPDIR/programs"'" }'
	program /programs/script
	start_says "permission denied; it is on a file system that is mounted with noexec"
}
