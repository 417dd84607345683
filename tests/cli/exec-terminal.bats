#!/usr/bin/env bats
# exec --tty: in the foreground, as terminal.bats has it for run.
load helpers

setup()
{
	make_bundle
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

teardown()
{
	[ ! -S "$BATS_TEST_TMPDIR/tmux" ] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server || true  # it may have ended
	[ -z "${receiver:-}" ] || kill "$receiver" 2>/dev/null || true  # it may have ended by itself
	remove_containers
}

# foreground STTY-WORDS WORD…: exec --tty on a terminal of script(1)'s making; its output in $output.
foreground()
{
	command -v script >/dev/null || skip "script(1) is not installed"
	local stty=$1
	shift
	printf 'stty %s\nexec "%s" --root "%s" exec --tty %s\n' "$stty" "$ORUN" "$state" "${*@Q}" >"$BATS_TEST_TMPDIR/foreground"
	# Its input must not end, or script(1) ends the terminal.
	run env script -qec "sh $BATS_TEST_TMPDIR/foreground" /dev/null < <(exec sleep 10 2>/dev/null 3>&-)
	output=${output//$'\r'/}
}

# in_tmux TEXT: runs the shell script in a terminal of tmux.
in_tmux()
{
	command -v tmux >/dev/null || skip "tmux is not installed"
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/inside"
	TERM=xterm tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d -x 90 -y 20 "sh $BATS_TEST_TMPDIR/inside" </dev/null 3>&-
}

type_in() { tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys "$@"; }
shows() { tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p | grep -q "$1"; }

@test "the program has a terminal of its own" {
	foreground sane "$id" sh -c 'tty; for fd in 0 1 2; do test -t $fd && echo $fd; done; echo to-tty >/dev/tty'
	equals "$status" 0
	output_has /dev/pts/0
	output_has $'0\n1\n2'
	output_has to-tty
}

@test "its size is the caller's, and its status ours" {
	foreground "rows 33 cols 77" "$id" sh -c 'stty size; exit 42'
	equals "$status" 42
	output_has "33 77"
}

@test "an error after the terminal was made is said once" {
	printf '#!/absent/interpreter\n' >"$bundle/rootfs/script"
	chmod 755 "$bundle/rootfs/script"
	foreground sane "$id" /script
	equals "$status" 255
	equals "${#lines[@]}" 1
	output_has "exec /script: no such file or directory"
}

@test "without a terminal of our own the process has one all the same" {
	run -0 orun exec --tty "$id" sh -c 'tty; stty size' </dev/null
	output_has /dev/pts/
}

@test "consoleSize is the size until somebody knows better" {
	run -0 orun exec --process <(echo '{"cwd": "/", "args": ["/bin/stty", "size"], "terminal": true,
		"consoleSize": {"height": 11, "width": 22}}') "$id" </dev/null
	output_has "11 22"
}

@test "everything that is written before the end arrives" {
	foreground sane "$id" sh -c 'i=0; while [ $i -lt 3000 ]; do echo "line $i of what is written"; i=$((i + 1)); done'
	equals "$(grep -c '^line' <<<"$output")" 3000
}

@test "input arrives, the size follows the window, and the terminal is ours again" {
	in_tmux "'$ORUN' --root '$state' exec --tty '$id' sh -c 'echo ready; read -r word; trap \"stty size\" WINCH; echo \"got \$word\"
		trap \"exit 7\" INT; while :; do sleep 0.1; done'; echo \"status \$?\"; read -r line; echo \"read \$line\"; sleep 100"
	wait_for 10 shows ready
	type_in hello Enter
	wait_for 5 shows "got hello"
	tmux -S "$BATS_TEST_TMPDIR/tmux" resize-window -x 70 -y 15
	wait_for 5 shows "15 70"
	type_in C-c
	wait_for 5 shows "status 7"
	# Cooked again: Enter ends a line and the words are shown.
	type_in again Enter
	wait_for 5 shows "read again"
}

@test "several terminals at once, and that of init is none of them" {
	local i pids=()
	for i in 1 2 3; do
		orun exec --tty "$id" sh -c 'tty; sleep 1' </dev/null >"$BATS_TEST_TMPDIR/said.$i" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	equals "$(cat "$BATS_TEST_TMPDIR"/said.? | tr -d '\r' | sort -u | wc -l)" 3
}

@test "another user owns its terminal" {
	foreground sane --user 1000:1000 "$id" sh -c 'stat -c "%u" "$(tty)"; echo x >"$(tty)" && echo writable'
	output_has 1000
	output_has writable
}

@test "the process is told when its terminal has gone" {
	local pid
	command -v perl >/dev/null || skip "perl is not installed"
	"$BATS_TEST_DIRNAME/receive-terminal" "$BATS_TEST_TMPDIR/socket" "$BATS_TEST_TMPDIR/heard" 3>&- >/dev/null 2>&1 &
	receiver=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
	orun exec --detach --tty --console-socket "$BATS_TEST_TMPDIR/socket" --pid-file "$BATS_TEST_TMPDIR/pid" \
		"$id" sh -c 'trap "" TERM; sleep 1000' </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	wait_for 5 test -s "$BATS_TEST_TMPDIR/heard"
	kill -9 "$receiver"
	gone() { [ ! -e "/proc/$pid" ] || grep -q "^State:.*[ZX]" "/proc/$pid/status"; }
	wait_for 5 gone
}
