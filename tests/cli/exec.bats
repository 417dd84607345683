#!/usr/bin/env bats
# orun exec: what it needs, says, writes and returns. exec-process.bats has what the process finds.
load helpers

setup() { make_bundle; }
teardown()
{
	# A comparison that failed midway.
	! runc --root "$BATS_TEST_TMPDIR/runc" state "$id-runc" >/dev/null 2>&1 ||
		runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	[ -z "${receiver:-}" ] || kill "$receiver" 2>/dev/null || true  # it may have ended by itself
	remove_containers
}

start_container()
{
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

# enter STATUS WORD…: exec in the foreground must end with this status.
enter()
{
	local expected=$1
	shift
	run "-$expected" orun exec "$@" </dev/null
}

# detached WORD…: exec --detach; what its process writes is nobody's business.
detached()
{
	orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$@" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

# listen [INPUT]: takes a terminal, a pidfd or a listener at $socket; what it says goes to $heard.
listen()
{
	command -v perl >/dev/null || skip "perl is not installed"
	socket=$BATS_TEST_TMPDIR/socket
	heard=$BATS_TEST_TMPDIR/heard
	rm -f "$socket" "$heard"
	"$BATS_TEST_DIRNAME/receive-terminal" "$socket" "$heard" "$@" 3>&- >/dev/null 2>"$heard.errors" &
	receiver=$!
	wait_for 5 test -S "$socket"
}

@test "the program runs in the container, and its output is ours" {
	start_container
	enter 0 "$id" sh -c 'hostname; echo to-stderr >&2; ls /; cat /proc/1/cmdline'
	output_has orun
	output_has to-stderr
	output_has "trap"
	[[ $output != *work* ]]
	equals "$(status_of "$id")" running
}

@test "input reaches the program" {
	start_container
	equals "$(echo words | orun exec "$id" cat)" words
}

@test "its status is ours" {
	local code
	start_container
	for code in 0 1 42 125 126 127 255; do
		enter $code "$id" sh -c "exit $code"
	done
	enter 1 "$id" false
	enter 137 "$id" sh -c 'kill -9 $$'
	enter 143 "$id" sh -c 'kill -15 $$'
}

# fails TEXT… -- WORD…: with what callers take for a failure of exec itself, and in their words.
fails()
{
	local texts=()
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	enter 255 "$@"
	for text in "${texts[@]}"; do
		output_has "$text"
	done
}

@test "what callers match when exec itself fails" {
	start_container
	mkdir "$bundle/rootfs/etc/folder"
	printf '#!/absent/interpreter\n' >"$bundle/rootfs/script"
	printf 'no program' >"$bundle/rootfs/text"
	chmod 755 "$bundle/rootfs/script" "$bundle/rootfs/text"
	fails 'exec: "absent": executable file not found in $PATH' -- "$id" absent
	fails "no such file or directory" /bin/absent -- "$id" /bin/absent
	fails "is a directory" -- "$id" /etc/folder
	fails "permission denied" -- "$id" /etc/passwd
	fails "not a directory" -- "$id" /etc/passwd/x
	fails "exec /script: no such file or directory" "/absent/interpreter" -- "$id" /script
	fails "exec format error" -- "$id" /text
	fails "exec args cannot be empty" -- "$id"
	fails "args" -- "$id" ""
	fails "no such file or directory" pid-file -- --pid-file /absent/directory/pid "$id" true
	fails "does not exist" -- "$id-other" true
	fails "no such file or directory" --process -- --process /absent "$id"
	fails cwd "no such file or directory" -- --cwd /absent "$id" pwd
	fails cwd "is not an absolute path" -- --cwd relative "$id" pwd
	fails cwd "not a directory" -- --cwd /etc/passwd "$id" pwd
	fails "a variable needs a name" -- --env =x "$id" true
	fails "--user 'root'" -- --user root "$id" true
	fails "--additional-gids 'wheel'" -- --additional-gids wheel "$id" true
	fails "--console-socket" -- --console-socket /absent/socket "$id" true
	fails "/absent/socket" "no such file or directory" -- --tty --console-socket /absent/socket "$id" true
	fails "/absent/socket" "no such file or directory" -- --pidfd-socket /absent/socket "$id" true
	fails "leave --detach out" -- --tty --detach "$id" true
	equals "$(status_of "$id")" running
}

@test "a wrong command line is no failed exec" {
	start_container
	enter 1 --no-such-option "$id" true
	output_has "flag provided but not defined"
	enter 1 --preserve-fds 4294967295 "$id" true
	enter 1
}

@test "options after the id are the program's" {
	start_container
	enter 0 "$id" echo --user 5 -t --help
	equals "$output" "--user 5 -t --help"
}

@test "containerd's form of the command" {
	start_container
	echo '{"args": ["/bin/sleep", "1000"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' >"$BATS_TEST_TMPDIR/process.json"
	(cd "$bundle" && "$ORUN" --root "$state" --log "$BATS_TEST_TMPDIR/log.json" --log-format json exec \
		--process "$BATS_TEST_TMPDIR/process.json" --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id") </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	equals "$(readlink "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/exe")" /bin/busybox
	rm "$BATS_TEST_TMPDIR/pid"
	echo '{"args": ["/absent"], "cwd": "/"}' >"$BATS_TEST_TMPDIR/process.json"
	run -255 orun --log "$BATS_TEST_TMPDIR/log.json" --log-format json exec --process "$BATS_TEST_TMPDIR/process.json" \
		--detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	equals "$(jq -r .level "$BATS_TEST_TMPDIR/log.json")" error
	[[ $(jq -r .msg "$BATS_TEST_TMPDIR/log.json") == *"no such file or directory"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/pid" ]
}

@test "--process may be a pipe" {
	start_container
	run -0 orun exec --process <(echo '{"args": ["/bin/echo", "from a pipe"], "cwd": "/"}') "$id"
	equals "$output" "from a pipe"
}

@test "a detached process lives on, is named in the pid file, and dies with the container" {
	local pid
	start_container
	detached "$id" sleep 1000
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[[ $pid =~ ^[0-9]+$ ]]
	equals "$(stat -c %s "$BATS_TEST_TMPDIR/pid")" "${#pid}"
	equals "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 1000 "
	[ "$pid" != "$(pid_of "$id")" ]
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	gone() { [ ! -e "/proc/$pid" ] || grep -q "^State:.*[ZX]" "/proc/$pid/status"; }
	wait_for 5 gone
}

@test "a relative pid file is beneath the caller's directory" {
	start_container
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	(cd "$BATS_TEST_TMPDIR/elsewhere" && "$ORUN" --root "$state" exec --pid-file pid "$id" true) </dev/null
	[[ $(cat "$BATS_TEST_TMPDIR/elsewhere/pid") =~ ^[0-9]+$ ]]
}

@test "an exec that fails leaves the container as it was" {
	start_container
	local record
	record=$(cat "$state/$id/state.json")
	fails absent -- "$id" absent
	fails absent -- --cwd /absent "$id" true
	equals "$(cat "$state/$id/state.json")" "$record"
	equals "$(status_of "$id")" running
	# No process but init and what it has started.
	run -0 orun ps --format json "$id"
	equals "$(jq '[.[] | select(. == '"$(pid_of "$id")"')] | length' <<<"$output")" 1
	[ "$(jq length <<<"$output")" -le 2 ]
	enter 0 "$id" true
}

@test "--console-socket gets the terminal's master" {
	start_container
	listen $'typed\n'
	detached --tty --console-socket "$socket" "$id" sh -c 'tty; read -r word; echo "got $word"'
	wait_for 5 grep -q "got typed" "$heard"
	equals "$(head -n 1 "$heard")" /dev/ptmx
	grep -q /dev/pts/0 "$heard"
}

@test "--pidfd-socket gets a pidfd of the process, and the word setns" {
	start_container
	listen
	touch "$socket.held"
	detached --pidfd-socket "$socket" "$id" sleep 1000
	wait_for 5 grep -q ^Pid: "$heard"
	equals "$(head -n 1 "$heard")" setns
	equals "$(awk '/^Pid:/ { print $2 }' "$heard")" "$(cat "$BATS_TEST_TMPDIR/pid")"
	rm "$socket.held"
}

@test "create and run send a pidfd of init, and the word standard" {
	local verb
	for verb in create "run --detach"; do
		listen
		touch "$socket.held"
		# shellcheck disable=SC2086 # two words
		orun $verb --pidfd-socket "$socket" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
		wait_for 5 grep -q ^Pid: "$heard"
		equals "$(head -n 1 "$heard")" standard
		equals "$(awk '/^Pid:/ { print $2 }' "$heard")" "$(pid_of "$id")"
		rm "$socket.held"
		wait "$receiver" || true  # it has read what is no terminal
		orun delete --force "$id"
	done
	run -1 orun create --pidfd-socket /absent "$id"
	output_has --pidfd-socket
	nothing_left
}

@test "only a running or created container can be entered" {
	fails "does not exist" -- "$id" true
	script 'exit 0'
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	enter 0 "$id" echo in-created
	equals "$output" in-created
	orun start "$id"
	wait_for_status "$id" stopped
	fails "cannot exec in a stopped container" -- "$id" true
}

@test "a paused container is entered once it runs again" {
	start_container
	orun pause "$id"
	fails "cannot exec in a paused container (use --ignore-paused to override)" -- "$id" true
	(cd "$bundle" && exec "$ORUN" --root "$state" exec --ignore-paused "$id" echo resumed) \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	local waiting=$!
	sleep 0.5
	[ -d "/proc/$waiting" ]
	equals "$(cat "$BATS_TEST_TMPDIR/said")" ""
	equals "$(status_of "$id")" paused
	orun resume "$id"
	wait $waiting
	equals "$(cat "$BATS_TEST_TMPDIR/said")" resumed
}

@test "a container whose init has been killed is stopped, whatever is left in its groups" {
	without_namespace pid
	start_container
	detached "$id" sleep 1000
	kill -9 "$(pid_of "$id")"
	wait_for_status "$id" stopped
	fails "cannot exec in a stopped container" -- "$id" true
	orun delete --force "$id"
	[ ! -e "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/exe" ]
}

@test "the bundle may be changed or gone" {
	configure '.process.env += ["MADE=with"] | .process.oomScoreAdj = 300'
	start_container
	configure '.process = {cwd: "/absent", args: ["x"], env: ["MADE=later"], user: {uid: 9, gid: 9}} | .linux.namespaces = []'
	enter 0 "$id" sh -c 'echo $MADE; id -u; cat /proc/self/oom_score_adj'
	equals "$output" $'with\n0\n300'
	rm "$bundle/config.json"
	enter 0 "$id" sh -c 'echo $MADE'
	equals "$output" with
	mv "$bundle" "$bundle.moved"
	mkdir "$bundle"
	enter 0 "$id" sh -c 'echo $MADE'
	rmdir "$bundle"
	mv "$bundle.moved" "$bundle"
}

@test "50 at once" {
	local i failed=0 pids=()
	start_container
	for i in {1..50}; do
		orun exec "$id" sh -c "echo $i; exit $((i % 7))" </dev/null >"$BATS_TEST_TMPDIR/said.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in {1..50}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status:$(cat "$BATS_TEST_TMPDIR/said.$i")" = "$((i % 7)):$i" ] || {
			echo "exec $i: status $status, said: $(cat "$BATS_TEST_TMPDIR/said.$i")" >&2
			failed=$((failed + 1))
		}
	done
	equals $failed 0
	enter 0 "$id" sh -c 'ls -d /proc/[0-9]* | wc -l'
	[ "$output" -lt 8 ]
}

@test "a v2 group that has handed its controllers on is left to the group of init" {
	local v2 pid
	v2=$(awk '$(NF-2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
	[ -n "$v2" ] && grep -q . "$v2/cgroup.subtree_control" || skip "there is no v2 hierarchy that hands controllers on"
	start_container
	pid=$(pid_of "$id")
	v2=$v2$(awk -F :: '/^0::/ { print $2 }' "/proc/$pid/cgroup")
	mkdir "$v2/inside"
	# Its sleep of the moment has to go, too.
	for p in $(cat "$v2/cgroup.procs"); do echo "$p" >"$v2/inside/cgroup.procs" || true; done
	all_inside() { for p in $(cat "$v2/cgroup.procs"); do echo "$p" >"$v2/inside/cgroup.procs"; done; [ -z "$(cat "$v2/cgroup.procs")" ]; }
	wait_for 5 all_inside
	enter 0 "$id" grep ^0:: /proc/self/cgroup
	[[ $output != */inside ]]
	awk '{ print "+" $1 }' "$v2/cgroup.controllers" >"$v2/cgroup.subtree_control"
	enter 0 "$id" grep ^0:: /proc/self/cgroup
	[[ $output == */inside ]]
	# What was asked for is what is refused.
	run -255 orun exec --cgroup / "$id" true
	output_has "busy"
	# In a v1 hierarchy, where there is one, it is not.
	enter 0 --cgroup inside "$id" true || output_has "--cgroup 'inside'"
}

@test "signals are the process's" {
	local name waiting said
	# From then on it does not end by them itself.
	forwards() { grep -q ready "$said" && ! grep -q "^SigBlk:.0000000000000000" "/proc/$waiting/status"; }
	start_container
	for name in TERM INT HUP USR1 USR2; do
		said=$BATS_TEST_TMPDIR/said.$name
		# Whoever runs the tests may ignore SIGINT, and orun would heed that.
		(cd "$bundle" && exec env --default-signal "$ORUN" --root "$state" exec "$id" sh -c "trap 'echo got $name; exit 9' $name; echo ready; while :; do sleep 0.05; done") \
			</dev/null >"$said" 2>&1 3>&- &
		waiting=$!
		wait_for 5 forwards
		kill -s "$name" $waiting
		status=0
		wait $waiting || status=$?
		equals "$name $status $(tail -n 1 "$said")" "$name 9 got $name"
	done
}

@test "--preserve-fds hands on what was asked for and no more" {
	start_container
	echo kept >"$BATS_TEST_TMPDIR/kept"
	run -0 orun exec "$id" ls /proc/self/fd 3<"$BATS_TEST_TMPDIR/kept" 7<"$BATS_TEST_TMPDIR/kept"
	equals "$(xargs <<<"$output")" "0 1 2 3" # 3 is the directory that ls reads
	run -0 orun exec --preserve-fds 2 "$id" sh -c 'cat <&4; ls /proc/self/fd' 3</dev/null 4<"$BATS_TEST_TMPDIR/kept" 5</dev/null 9</dev/null
	equals "$(xargs <<<"$output")" "kept 0 1 2 3 4 5"
}

@test "LISTEN_FDS announces and hands on sockets" {
	start_container
	echo kept >"$BATS_TEST_TMPDIR/kept"
	LISTEN_FDS=1 run -0 orun exec "$id" sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3' 3<"$BATS_TEST_TMPDIR/kept"
	equals "${lines[1]}" kept
	[[ ${lines[0]} == "1 "* ]]
	# sd_listen_fds(3): they are for the process that LISTEN_PID names.
	# shellcheck disable=SC2016 # $$ is of the shell that becomes orun
	run -0 env LISTEN_FDS=1 bash -c 'export LISTEN_PID=$$; exec "$@"' bash "$ORUN" --root "$state" exec "$id" cat /proc/self/fd/3 3<"$BATS_TEST_TMPDIR/kept"
	equals "$output" kept
	LISTEN_FDS=1 LISTEN_PID=1 run -0 orun exec "$id" sh -c 'echo "<$LISTEN_FDS>"; ls /proc/self/fd' 3<"$BATS_TEST_TMPDIR/kept"
	equals "$(xargs <<<"$output")" "<> 0 1 2 3" # 3 is the directory that ls reads
	LISTEN_FDS=1 run -0 orun exec --preserve-fds 1 "$id" sh -c 'cat <&4' 3</dev/null 4<"$BATS_TEST_TMPDIR/kept"
	equals "$output" kept
	LISTEN_FDS=x run -0 orun exec "$id" sh -c 'echo "<$LISTEN_FDS>"'
	equals "$output" "<>"
}

@test "nobody's standard streams change their owner who is not a container's" {
	local before
	before=$(stat -c %u:%g:%a /dev/null)
	start_container
	enter 0 --user 1000:1000 "$id" true
	detached --user 1000:1000 "$id" true
	equals "$(stat -c %u:%g:%a /dev/null)" "$before"
}

@test "its steps can be seen" {
	start_container
	run -0 orun --debug exec "$id" true
	run -0 orun --debug --log "$BATS_TEST_TMPDIR/log" exec "$id" echo said
	equals "$output" said
}

@test "runc and orun say the same of the same process" {
	need_runc
	local what ours theirs
	configure '.process.capabilities.inheritable = ["CAP_KILL"] | .process.env += ["A=b"]'
	start_container
	(cd "$bundle" && runc --root "$BATS_TEST_TMPDIR/runc" run --detach "$id-runc") </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	compare()
	{
		ours=$(orun exec "${@:1:$#-1}" "$id" sh -c "${*: -1}" </dev/null 2>&1) || ours="$ours status $?"
		theirs=$(runc --root "$BATS_TEST_TMPDIR/runc" exec "${@:1:$#-1}" "$id-runc" sh -c "${*: -1}" </dev/null 2>&1) || theirs="$theirs status $?"
		equals "$ours" "$theirs"
	}
	compare 'env | sort; pwd; id; umask; tty; grep -E "^(Cap|NoNew|Seccomp:|Sig[PBC])" /proc/self/status'
	compare --user 1000:1001 --additional-gids 5 --env X=y --cwd /tmp 'env | sort; pwd; id; umask; grep -E "^(Cap|NoNew|Groups)" /proc/self/status'
	compare --cap CAP_SYS_TIME --no-new-privs 'grep -E "^(Cap|NoNew)" /proc/self/status'
	compare --user 1000 --cap CAP_KILL 'grep -E "^Cap" /proc/self/status'
	compare 'cat /proc/self/limits; cat /proc/self/oom_score_adj; ls /proc/self/fd; cat /proc/self/sessionid'
	compare 'exit 7'
	compare 'kill -9 $$'
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
}

@test "signals that the caller ignores have their default action" {
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	orun start "$id"
	run bash -c "trap '' HUP INT PIPE USR1; exec '$ORUN' --root '$state' exec '$id' /bin/grep SigIgn /proc/self/status"
	equals "$output" "SigIgn:	0000000000000000"
}
