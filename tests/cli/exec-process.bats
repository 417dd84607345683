#!/usr/bin/env bats
# exec: what its process finds: environment, directory, ids, capabilities, filters, limits, priorities, groups.
load helpers

setup() { make_bundle; }
teardown()
{
	[ -z "${receiver:-}" ] || kill "$receiver" 2>/dev/null || true  # it may have ended by itself
	remove_containers
}

start_container()
{
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

# enter WORD…: exec in the foreground must succeed.
enter()
{
	run -0 orun exec "$@" </dev/null
}

# enter_json MEMBERS SCRIPT [STATUS]: by a process.json with these members beside cwd and args.
enter_json()
{
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	jq -n --arg script "$2" "{cwd: \"/\", args: [\"/bin/sh\", \"-c\", \$script]} + $1" >"$BATS_TEST_TMPDIR/process.json"
	run "-${3:-0}" orun exec --process "$BATS_TEST_TMPDIR/process.json" "$id" </dev/null
}

words() { xargs <<<"$output"; }

@test "the environment is the container's, --env comes on top, HOME is the user's" {
	echo 'someone:x:1000:1000::/home/someone:/bin/sh' >>"$bundle/rootfs/etc/passwd"
	configure '.process.env = ["PATH=/bin", "A=1", "LATER=1"]'
	start_container
	LEAK=1 enter "$id" env
	equals "$(sort <<<"$output" | xargs)" "A=1 HOME=/root LATER=1 PATH=/bin"
	enter --env A=2 -e B=3 --env A=4 --env 'SPACE=a b' "$id" env
	equals "$(sort <<<"$output" | xargs)" "A=4 B=3 HOME=/root LATER=1 PATH=/bin SPACE=a b"
	enter --user 1000 "$id" sh -c 'echo $HOME'
	equals "$output" /home/someone
	enter --user 1001 "$id" sh -c 'echo $HOME'
	equals "$output" /
	enter --user 1000 --env HOME=/given "$id" sh -c 'echo $HOME'
	equals "$output" /given
	enter --env HOME= "$id" sh -c 'echo $HOME'
	equals "$output" /root
}

@test "a process.json has an environment of its own, and HOME" {
	configure '.process.env += ["A=1"]'
	start_container
	jq -n '{cwd: "/", args: ["/bin/env"], env: ["FOO=bar"]}' >"$BATS_TEST_TMPDIR/process.json"
	enter --process "$BATS_TEST_TMPDIR/process.json" "$id"
	equals "$(sort <<<"$output" | xargs)" "FOO=bar HOME=/root"
	jq -n '{cwd: "/", args: ["/bin/env"]}' >"$BATS_TEST_TMPDIR/process.json"
	enter --process "$BATS_TEST_TMPDIR/process.json" "$id"
	equals "$output" "HOME=/root"
}

@test "the program is looked for along its own PATH" {
	mkdir -p "$bundle/rootfs/opt"
	cp "$bundle/rootfs/bin/busybox" "$bundle/rootfs/opt/echo-of-opt"
	ln -s echo-of-opt "$bundle/rootfs/opt/pwd"
	start_container
	run -255 orun exec "$id" echo-of-opt
	enter --env PATH=/opt "$id" pwd
	equals "$output" /
}

@test "the working directory: the container's, --cwd, and one that the user cannot enter" {
	configure '.process.cwd = "/root"'
	chmod 700 "$bundle/rootfs/root"
	mkdir -m 700 "$bundle/rootfs/theirs"
	chown 42:42 "$bundle/rootfs/theirs"
	start_container
	enter "$id" pwd
	equals "$output" /root
	enter --cwd /bin "$id" pwd
	equals "$output" /bin
	# As root first, before capabilities are dropped; the program is then where it may not look.
	enter --user 42 --cwd /root "$id" sh -c 'echo here'
	output_has here
	enter --user 0 --cwd /theirs "$id" /bin/true
	enter --user 42 --cwd /theirs "$id" pwd
	equals "$output" /theirs
}

@test "the working directory is not made" {
	configure '.root.readonly = false'
	start_container
	run -255 orun exec --cwd /not/there "$id" true
	[ ! -e "$bundle/rootfs/not" ]
}

@test "--user and --additional-gids" {
	configure '.process.user = {uid: 3, gid: 4, additionalGids: [5], umask: 63}'
	start_container
	ids='grep -E "^(Uid|Gid|Groups)" /proc/self/status; umask'
	enter "$id" sh -c "$ids"
	equals "$(words)" "Uid: 3 3 3 3 Gid: 4 4 4 4 Groups: 5 0077"
	enter --user 1000 "$id" sh -c "$ids"
	equals "$(words)" "Uid: 1000 1000 1000 1000 Gid: 4 4 4 4 Groups: 5 0077"
	enter --user 1000:1001 --additional-gids 100 --additional-gids 65534 "$id" sh -c "$ids"
	equals "$(words)" "Uid: 1000 1000 1000 1000 Gid: 1001 1001 1001 1001 Groups: 5 100 65534 0077"
	enter_json '{user: {uid: 7, gid: 8, additionalGids: [9], umask: 18}}' "$ids"
	equals "$(words)" "Uid: 7 7 7 7 Gid: 8 8 8 8 Groups: 9 0022"
	enter_json '{}' "$ids"
	equals "$(words)" "Uid: 0 0 0 0 Gid: 0 0 0 0 Groups: $(umask)"
}

@test "capabilities: the container's, --cap on top, and never inheritable" {
	configure '.process.capabilities = (["CAP_KILL"] | {bounding: ., permitted: ., effective: ., inheritable: [], ambient: []})'
	start_container
	local sets='grep ^Cap /proc/self/status | cut -f 2'
	enter "$id" sh -c "$sets"
	equals "$(words)" "0000000000000000 0000000000000020 0000000000000020 0000000000000020 0000000000000000"
	enter --cap CAP_CHOWN --cap cap_setuid "$id" sh -c "$sets"
	equals "$(words)" "0000000000000000 00000000000000a1 00000000000000a1 00000000000000a1 0000000000000000"
	enter --user 1000 --cap CAP_CHOWN "$id" sh -c "$sets"
	equals "$(words)" "0000000000000000 0000000000000000 0000000000000000 0000000000000021 0000000000000000"
	enter_json '{capabilities: {bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}}' "$sets"
	equals "$(words)" "0000000000000000 0000000000000001 0000000000000001 0000000000000001 0000000000000000"
	enter_json '{}' "$sets"
	equals "$(words)" "0000000000000000 0000000000000020 0000000000000020 0000000000000020 0000000000000000"
	enter_json '{capabilities: {}}' "$sets"
	equals "$(words)" "$(printf '0000000000000000 %.0s' 1 2 3 4 5 | xargs)"
	enter --cap CAP_NO_SUCH "$id" true
	output_has CAP_NO_SUCH
}

@test "ambient capabilities follow what is inheritable" {
	configure '.process.capabilities = (["CAP_KILL"] | {bounding: ., permitted: ., effective: ., inheritable: ., ambient: []})'
	start_container
	enter --user 1000 --cap CAP_KILL "$id" grep CapEff /proc/self/status
	equals "$(words)" "CapEff: 0000000000000020"
	enter --user 1000 "$id" grep CapEff /proc/self/status
	equals "$(words)" "CapEff: 0000000000000000"
}

@test "noNewPrivileges" {
	configure '.process.noNewPrivileges = false'
	start_container
	enter "$id" grep NoNewPrivs /proc/self/status
	equals "$(words)" "NoNewPrivs: 0"
	enter --no-new-privs "$id" grep NoNewPrivs /proc/self/status
	equals "$(words)" "NoNewPrivs: 1"
	enter_json '{noNewPrivileges: true}' 'grep NoNewPrivs /proc/self/status'
	equals "$(words)" "NoNewPrivs: 1"
}

@test "the container's filter is the process's, with and without noNewPrivileges, root and not" {
	local value user
	for value in true false; do
		configure --argjson value $value '.process.noNewPrivileges = $value
			| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
		start_container
		for user in 0 1000; do
			enter --user $user "$id" sh -c 'grep Seccomp: /proc/self/status; mkdir /tmp/x 2>&1; grep CapEff /proc/self/status'
			output_has "Seccomp:"$'\t'2
			output_has "not supported"
			[ $user = 0 ] || output_has $'CapEff:\t0000000000000000'
		done
		orun delete --force "$id"
	done
}

@test "a filter that notifies has its listener sent, with the process's pid" {
	command -v perl >/dev/null || skip "perl is not installed"
	local socket=$BATS_TEST_TMPDIR/agent heard=$BATS_TEST_TMPDIR/heard init
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg socket "$socket" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket, listenerMetadata: "some metadata",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	listen()
	{
		rm -f "$socket"
		"$BATS_TEST_DIRNAME/receive-terminal" "$socket" "$1" 3>&- >/dev/null 2>&1 &
		receiver=$!
		wait_for 5 test -S "$socket"
	}
	listen "$heard.init"
	touch "$socket.held"
	start_container
	rm "$socket.held"
	wait "$receiver" || true  # it has read what is no terminal
	init=$(head -n 1 "$heard.init" | jq .pid)
	equals "$init" "$(pid_of "$id")"
	listen "$heard"
	touch "$socket.held"
	orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id" sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	wait_for 5 test -s "$heard"
	equals "$(head -n 1 "$heard" | jq .pid)" "$(cat "$BATS_TEST_TMPDIR/pid")"
	equals "$(head -n 1 "$heard" | jq -r .metadata)" "some metadata"
	equals "$(head -n 1 "$heard" | jq -r .state.id)" "$id"
	equals "$(head -n 1 "$heard" | jq -r .state.status)" running
	rm "$socket.held"
	rm -f "$socket"
	run -255 orun exec "$id" true
	output_has "$socket"
}

@test "limits: the container's, or those of process.json" {
	configure '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
	start_container
	enter "$id" sh -c 'ulimit -n; ulimit -Hn'
	equals "$(words)" "100 200"
	enter --user 1000 "$id" sh -c 'ulimit -n; ulimit -Hn'
	equals "$(words)" "100 200"
	enter_json '{}' 'ulimit -n; ulimit -Hn'
	equals "$(words)" "100 200"
	enter_json '{rlimits: [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]}' 'ulimit -n; ulimit -Hn; ulimit -c'
	equals "$(words)" "50 60 0"
}

@test "limits hold in a user namespace too" {
	chmod o+x "$bundle" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_RUN_TMPDIR"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
	start_container
	enter "$id" sh -c 'ulimit -n; ulimit -Hn'
	equals "$(words)" "100 200"
	enter --user 1000 "$id" sh -c 'ulimit -n; ulimit -Hn'
	equals "$(words)" "100 200"
}

@test "oomScoreAdj: the container's, or that of process.json, and ours is ours again" {
	configure '.process.oomScoreAdj = 300'
	start_container
	enter "$id" cat /proc/self/oom_score_adj
	equals "$output" 300
	enter_json '{oomScoreAdj: 500}' 'cat /proc/self/oom_score_adj'
	equals "$output" 500
	local own waiting
	own=$(cat /proc/self/oom_score_adj)
	(cd "$bundle" && exec "$ORUN" --root "$state" exec "$id" sh -c 'echo ready; sleep 1000') </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	waiting=$!
	wait_for 5 grep -q ready "$BATS_TEST_TMPDIR/said"
	equals "$(cat /proc/$waiting/oom_score_adj)" "$own"
	orun kill "$id" KILL
	wait $waiting || equals "$?" 137
}

@test "scheduler, ioPriority and personality" {
	command -v chrt >/dev/null && command -v ionice >/dev/null || skip "chrt or ionice is not installed"
	local pid
	configure '.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}
		| .linux.personality = {domain: "LINUX32"}'
	start_container
	orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id" sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	chrt -p "$pid" | grep SCHED_BATCH
	equals "$(awk '{ print $19 }' "/proc/$pid/stat")" 5
	equals "$(ionice -p "$pid")" "best-effort: prio 6"
	equals "$(cat "/proc/$pid/personality")" 00000008
	jq -n '{cwd: "/", args: ["/bin/sleep", "1000"], scheduler: {policy: "SCHED_IDLE"}, ioPriority: {class: "IOPRIO_CLASS_IDLE", priority: 0}}' \
		>"$BATS_TEST_TMPDIR/process.json"
	orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" --process "$BATS_TEST_TMPDIR/process.json" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	chrt -p "$pid" | grep SCHED_IDLE
	equals "$(ionice -p "$pid")" idle
}

need_two_processors()
{
	command -v taskset >/dev/null || skip "taskset is not installed"
	[ "$(nproc)" -ge 2 ] || skip "there is one processor only"
	allowed='grep Cpus_allowed_list /proc/self/status | cut -f 2'
	every=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
	first=${every%%[-,]*}
	second=$((first + 1))
}

@test "execCPUAffinity: final is the program's" {
	need_two_processors
	local list
	start_container
	for list in "$first" "$second" "$first,$second" "$first-$second"; do
		enter_json "{execCPUAffinity: {initial: \"$list\", final: \"$list\"}}" "$allowed"
		equals "$output" "${list/,/-}"
		enter_json "{execCPUAffinity: {final: \"$list\"}}" "$allowed"
		equals "$output" "${list/,/-}"
		enter_json "{execCPUAffinity: {initial: \"$list\"}}" "$allowed"
		equals "$output" "${list/,/-}"
	done
	enter_json "{execCPUAffinity: {initial: \"$first\", final: \"$second\"}}" "$allowed"
	equals "$output" "$second"
	orun delete --force "$id"
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg first "$first" --arg second "$second" '.process.execCPUAffinity = {initial: $first, final: $second}'
	start_container
	enter "$id" sh -c "$allowed"
	equals "$output" "$second"
}

@test "execCPUAffinity: initial holds from the clone to the container's group, and ours is ours again" {
	need_two_processors
	local fault log=$BATS_TEST_TMPDIR/log runtime child
	fault=$(dirname "$ORUN")/orun-fault
	[ -x "$fault" ] || skip "there is no program $fault: make orun-fault builds it"
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg first "$first" --arg second "$second" '.process.execCPUAffinity = {initial: $second, final: $first}'
	start_container
	(cd "$bundle" && ORUN_FAULT="hold:process:caller's descriptors" ORUN_FAULT_LOG=$log exec "$fault" --root "$state" exec "$id" true) \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	runtime=$!
	wait_for 5 grep -q descriptors "$log"
	child=$(pgrep -P $runtime)
	equals "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$child/status")" "$second"
	equals "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$runtime/status")" "$every"
	kill -9 "$child"
	wait $runtime || equals "$?" 255
}

@test "what the runtime is confined to does not confine the process; the container's cpuset does" {
	need_two_processors
	start_container
	run -0 taskset -c "$first" "$ORUN" --root "$state" exec "$id" sh -c "$allowed"
	equals "$output" "$every"
	orun delete --force "$id"
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg cpus "$second" '.linux.resources.cpu = {cpus: $cpus, mems: "0"}'
	start_container
	run -0 taskset -c "$first" "$ORUN" --root "$state" exec "$id" sh -c "$allowed"
	equals "$output" "$second"
	enter_json "{execCPUAffinity: {final: \"$first\"}}" true 255
	output_has "process.execCPUAffinity.final"
	enter_json '{execCPUAffinity: {initial: "8191"}}' true 255
	output_has "process.execCPUAffinity.initial"
	enter_json '{execCPUAffinity: {initial: "1-"}}' true 255
	output_has "process.execCPUAffinity.initial: '1-' is no list"
}

@test "the process has a session keyring of its own" {
	[ -r /proc/keys ] || skip "this kernel has no keyrings"
	configure '.linux.maskedPaths = []'
	start_container
	enter "$id" grep -c "_ses.$id" /proc/keys
	[ "$output" -ge 1 ]
}

@test "the process is in the container's groups, or in those that --cgroup names" {
	local group kind
	start_container
	detached() { orun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$@" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }
	groups_of() { cut -d : -f 2- "/proc/$1/cgroup" | sort; }
	detached "$id" sleep 1000
	equals "$(groups_of "$(cat "$BATS_TEST_TMPDIR/pid")")" "$(groups_of "$(pid_of "$id")")"
	detached --cgroup / "$id" sleep 1000
	equals "$(groups_of "$(cat "$BATS_TEST_TMPDIR/pid")")" "$(groups_of "$(pid_of "$id")")"
	run -255 orun exec --cgroup .. "$id" true
	output_has "leads out of the container's group"
	run -255 orun exec --cgroup nonexistent "$id" true
	output_has "no such file or directory"
	run -255 orun exec --cgroup whaaat:/ "$id" true
	output_has "no group with such a controller"
	[ -d /sys/fs/cgroup/pids ] || skip "the rest is about cgroup v1: there is none"
	for kind in pids memory; do
		run -255 orun exec --cgroup $kind:sub "$id" true
		group=$(awk -F : -v kind=$kind '$2 == kind { print $3 }' "/proc/$(pid_of "$id")/cgroup")
		mkdir "/sys/fs/cgroup/$kind$group/sub"
	done
	detached --cgroup pids:sub --cgroup memory:/sub "$id" sleep 1000
	grep -qF "pids:$(awk -F : '$2 == "pids" { print $3 }' "/proc/$(pid_of "$id")/cgroup")/sub" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	grep -qE "memory:.*$id/sub$" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	grep -qE "freezer:.*$id$" "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
	# What is in a group of the container's is the container's.
	[[ $(orun ps --format json "$id" | jq -c .) == *"$(cat "$BATS_TEST_TMPDIR/pid")"* ]]
}
