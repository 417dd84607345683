#!/usr/bin/env bats
# process.terminal: in the foreground, and by --console-socket.
load helpers

setup()
{
	make_bundle
	configure '.process.terminal = true'
	here=$BATS_TEST_DIRNAME
}
teardown()
{
	remove_containers
	[ -z "${receiver:-}" ] || kill "$receiver" 2>/dev/null || true  # it may have ended by itself
}

# foreground [STTY-WORD…]: runs the container on a terminal of script(1)'s making; its output in $output.
foreground()
{
	command -v script >/dev/null || skip "script(1) is not installed"
	printf 'stty %s\ncd "%s"\nexec "%s" --root "%s" run "%s"\n' "${*:-sane}" "$bundle" "$ORUN" "$state" "$id" \
		>"$BATS_TEST_TMPDIR/foreground"
	# Its input must not end, or script(1) ends the terminal.
	run env script -qec "sh $BATS_TEST_TMPDIR/foreground" /dev/null < <(exec sleep 10 2>/dev/null 3>&-)
	output=${output//$'\r'/}
}

# listen [INPUT]: a receiver for the terminal; what it says goes to $said.
listen()
{
	command -v perl >/dev/null || skip "perl is not installed"
	said=$BATS_TEST_TMPDIR/said
	"$here/receive-terminal" "$BATS_TEST_TMPDIR/socket" "$said" "$@" 3>&- >/dev/null 2>"$said.errors" &
	receiver=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
}

@test "in the foreground the program has a terminal of its own" {
	script 'tty; for fd in 0 1 2; do test -t $fd && echo $fd; done; stat -c %F /dev/console'
	foreground
	equals "$status" 0
	output_has /dev/pts/0
	output_has $'0\n1\n2'
	output_has "character special file"
}

@test "the terminal has the size of the caller's" {
	program /bin/stty size
	foreground rows 33 cols 77
	output_has "33 77"
}

@test "consoleSize is the size until somebody knows better" {
	configure '.process.consoleSize = {height: 11, width: 22}'
	program /bin/stty size
	listen
	orun create --console-socket "$BATS_TEST_TMPDIR/socket" "$id" </dev/null >/dev/null 2>&1
	orun start "$id"
	wait_for 5 grep -q "11 22" "$said"
}

@test "the program's status is that of run" {
	script 'exit 42'
	foreground
	equals "$status" 42
}

@test "the terminal is the controlling one: a job shell works, and it can be opened as /dev/tty" {
	script 'echo to-tty >/dev/tty; ps -o pid,tty 2>/dev/null | head -n 2'
	foreground
	output_has to-tty
}

@test "everything that is written before the end arrives" {
	script 'i=0; while [ $i -lt 3000 ]; do echo "line $i of what is written"; i=$((i + 1)); done'
	foreground
	equals "$(grep -c '^line' <<<"$output")" 3000
	output_has "line 2999 of what is written"
}

@test "tmux sees the container, its input arrives, and its size follows the window" {
	command -v tmux >/dev/null || skip "tmux is not installed"
	local tmux=(tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null)
	script 'echo ready; read -r word; trap "stty size" WINCH; echo "got $word"; stty size; while :; do sleep 0.1; done'
	printf 'cd "%s"\nexec "%s" --root "%s" run "%s"\n' "$bundle" "$ORUN" "$state" "$id" >"$BATS_TEST_TMPDIR/inside"
	TERM=xterm "${tmux[@]}" new-session -d -x 90 -y 20 "sh $BATS_TEST_TMPDIR/inside" </dev/null 3>&-
	shows() { "${tmux[@]}" capture-pane -p | grep -q "$1"; }
	wait_for 10 shows ready
	"${tmux[@]}" send-keys hello Enter
	wait_for 5 shows "got hello"
	wait_for 5 shows " 90"
	"${tmux[@]}" resize-window -x 70 -y 15
	wait_for 5 shows "15 70"
	orun kill "$id" KILL
	gone() { ! orun state "$id" 2>/dev/null; }
	wait_for 5 gone
	"${tmux[@]}" kill-server 2>/dev/null || true  # clean-up: it ends by itself with its last session
}

@test "control-C in the terminal interrupts the program" {
	command -v tmux >/dev/null || skip "tmux is not installed"
	local tmux=(tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null)
	script 'trap "exit 5" INT; echo ready; while :; do sleep 0.1; done'
	printf 'cd "%s"\n"%s" --root "%s" run "%s"\necho "status $?"\nsleep 1000\n' "$bundle" "$ORUN" "$state" "$id" \
		>"$BATS_TEST_TMPDIR/inside"
	TERM=xterm "${tmux[@]}" new-session -d -x 80 -y 20 "sh $BATS_TEST_TMPDIR/inside" </dev/null 3>&-
	shows() { "${tmux[@]}" capture-pane -p | grep -q "$1"; }
	wait_for 10 shows ready
	"${tmux[@]}" send-keys C-c
	wait_for 5 shows "status 5"
	"${tmux[@]}" kill-server 2>/dev/null || true  # clean-up: it ends by itself with its last session
	nothing_left
}

@test "--console-socket gets the master, and the name /dev/ptmx" {
	script 'tty; read -r word; echo "got $word"; exit 0'
	listen $'typed\n'
	orun create --console-socket "$BATS_TEST_TMPDIR/socket" "$id" </dev/null >/dev/null 2>&1
	wait_for 5 test -s "$said"
	equals "$(head -n 1 "$said")" /dev/ptmx
	orun start "$id"
	wait_for 5 grep -q "got typed" "$said"
	grep -q /dev/pts/0 "$said"
	wait_for_status "$id" stopped
}

@test "run --detach with --console-socket returns at once" {
	script 'echo hello; sleep 100'
	listen
	orun run --detach --console-socket "$BATS_TEST_TMPDIR/socket" "$id" </dev/null >/dev/null 2>&1
	wait_for 5 grep -q hello "$said"
	equals "$(status_of "$id")" running
}

@test "another user owns its terminal" {
	configure '.process.user = {uid: 1000, gid: 1000}'
	script 'stat -c "%u:%g" "$(tty)"; echo x >"$(tty)" && echo writable'
	foreground
	output_has 1000:
	output_has writable
}

@test "a console socket that is absent, or nobody listens at, fails the create" {
	run -1 orun create --console-socket /absent/socket "$id"
	output_has /absent/socket
	output_has "no such file or directory"
	nothing_left
	touch "$BATS_TEST_TMPDIR/file"
	run -1 orun create --console-socket "$BATS_TEST_TMPDIR/file" "$id"
	output_has "connection refused"
	nothing_left
}

@test "a console socket's path may be longer than sun_path" {
	local deep i
	deep=$BATS_TEST_TMPDIR
	for i in {1..12}; do deep=$deep/directory-$i; done
	mkdir -p "$deep"
	[ "${#deep}" -gt 108 ]
	script 'echo hello; sleep 100'
	listen
	mv "$BATS_TEST_TMPDIR/socket" "$deep/socket"
	orun create --console-socket "$deep/socket" "$id" </dev/null >/dev/null 2>&1
	orun start "$id"
	wait_for 5 grep -q hello "$said"
}
