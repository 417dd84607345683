#!/usr/bin/env bats
# orun run: create, start, wait, delete.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "run exits with the program's status" {
	for status in 0 1 3 127 255; do
		script "exit $status"
		run -$status orun run "$id"
		equals "$output" ""
	done
	nothing_left
}

@test "a program that dies of a signal gives 128 and the signal" {
	without_namespace pid
	for signal in 9 15 6; do
		script "kill -$signal \$\$"
		run -$((128 + signal)) orun run "$id"
	done
	nothing_left
}

@test "stdin, stdout and stderr are the caller's" {
	script 'cat; echo err >&2'
	echo in | orun run "$id" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	equals "$(cat "$BATS_TEST_TMPDIR/out")" in
	equals "$(cat "$BATS_TEST_TMPDIR/err")" err
}

@test "a megabyte goes through stdin and stdout unchanged" {
	program /bin/cat
	head -c 1000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	orun run "$id" <"$BATS_TEST_TMPDIR/in" | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "signals to run are passed on to the program" {
	configure '.root.readonly = false'
	script 'trap "exit 7" USR1; trap "exit 8" TERM; echo >/tmp/up; while :; do sleep 0.05; done'
	for pair in USR1:7 TERM:8; do
		rm -f "$bundle/rootfs/tmp/up"
		(cd "$bundle" && exec "$ORUN" --root "$state" run "$id") &
		local pid=$! status=0
		wait_for 5 test -e "$bundle/rootfs/tmp/up"
		kill -"${pair%:*}" "$pid"
		wait "$pid" || status=$?
		equals $status "${pair#*:}"
	done
	nothing_left
}

@test "--detach and -d return when the program runs" {
	for option in --detach -d; do
		orun run $option "$id"
		equals "$(status_of "$id")" running
		orun delete --force "$id"
	done
}

@test "--keep leaves the stopped container" {
	program /bin/true
	orun run --keep "$id"
	equals "$(status_of "$id")" stopped
	orun delete "$id"
}

@test "--pid-file is written before the program runs" {
	script 'sleep 100'
	orun run --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	equals "$(cat "$BATS_TEST_TMPDIR/pid")" "$(pid_of "$id")"
}

@test "while it runs others see it" {
	configure '.root.readonly = false'
	script 'trap "exit 0" TERM; echo >/tmp/up; while :; do sleep 0.05; done'
	orun run "$id" &
	local pid=$!
	wait_for 5 test -e "$bundle/rootfs/tmp/up"
	equals "$(status_of "$id")" running
	orun kill "$id" TERM
	wait "$pid"
	nothing_left
}

@test "a container that somebody else deletes meanwhile is no error of run" {
	configure '.root.readonly = false'
	script 'echo >/tmp/up; sleep 1000'
	orun run "$id" 2>"$BATS_TEST_TMPDIR/err" &
	local pid=$! status=0
	wait_for 5 test -e "$bundle/rootfs/tmp/up"
	orun delete --force "$id"
	wait "$pid" || status=$?
	equals $status 137
	equals "$(cat "$BATS_TEST_TMPDIR/err")" ""
}

@test "a program that cannot run is an error and leaves nothing" {
	program /bin/absent
	run -1 orun run "$id"
	output_has "no such file or directory"
	nothing_left
	run -1 orun run --detach "$id"
	nothing_left
}

@test "an execve that fails leaves nothing, detached or not" {
	printf 'neither ELF nor script' >"$bundle/rootfs/bin/odd"
	chmod 755 "$bundle/rootfs/bin/odd"
	program /bin/odd
	run -1 orun run "$id"
	output_has "exec format error"
	nothing_left
	run -1 orun run --detach "$id"
	output_has "exec format error"
	nothing_left
}

@test "standard streams that are closed are no error" {
	script 'exit 4'
	run -4 orun run "$id" <&- 
	local status=0
	orun run "$id" <&- >&- 2>&- || status=$?
	equals $status 4
	nothing_left
}

refusing_mkdir()
{
	configure '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 13 } ] }'
}

@test "--explain names the system calls that the seccomp profile refuses" {
	refusing_mkdir
	script 'mkdir /tmp/a; mkdir /tmp/b; exit 3'
	run -3 orun run --explain "$id"
	output_has "linux.seccomp refuses mkdir to process "
	output_has "(mkdir): permission denied"
	output_has "linux.seccomp refused mkdir 2 times in all"
	# And the program was told the same.
	output_has "can't create directory '/tmp/a': Permission denied"
	nothing_left
}

@test "--explain is told why a profile kills" {
	configure '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{ names: ["execve"], action: "SCMP_ACT_KILL_PROCESS" } ] }'
	program /bin/true
	run orun run --explain "$id"
	output_has "linux.seccomp refuses execve to process "
	output_has "the process is killed"
	nothing_left
}

@test "--explain wants a filter and the foreground" {
	run -1 orun run --explain "$id"
	output_has "--explain: there is no seccomp filter to explain"
	nothing_left
	refusing_mkdir
	run -1 orun run --explain --detach "$id"
	output_has "--explain: needs the foreground"
	nothing_left
}
