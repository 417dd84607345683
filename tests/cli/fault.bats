#!/usr/bin/env bats
# orun killed, or failing, at every step it has, and at moments of chance: never may more stay behind
# than `delete --force` takes away. The steps are asked of the program, not listed here.
load helpers

setup()
{
	make_bundle
	FAULT=$(dirname "$ORUN")/orun-fault
	[ -x "$FAULT" ] || {
		echo "there is no program $FAULT: make orun-fault builds it" >&2
		return 1
	}
	log=$BATS_TEST_TMPDIR/steps
	pid_file=$BATS_TEST_TMPDIR/pid
	script "while :; do sleep 1; done # $id"
}

teardown()
{
	remove_containers
}

# kill_now PID: a child of ours, which may have ended already.
kill_now()
{
	kill -9 "$1" 2>/dev/null || true  # it may have ended by itself
	wait "$1" 2>/dev/null || true  # its status is not the question
}

# faulty FAULT ARGUMENT…: orun-fault in place of orun.
faulty()
{
	local fault=$1
	shift
	(
		cd "$bundle"
		ORUN_FAULT=$fault ORUN_FAULT_LOG=$log exec timeout 20 "$FAULT" --root "$state" "$@"
	)
}

create_faulty()
{
	faulty "$1" create --pid-file "$pid_file" "$id"
}

# Everything the specification has a say in: hooks of all kinds, a user namespace.
configure_richly()
{
	local directory
	mkdir -p "$BATS_TEST_TMPDIR/volume"
	# The root of the user namespace is nobody on the way to its rootfs.
	for directory in "$bundle" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_RUN_TMPDIR"; do
		chmod o+x "$directory"
	done
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg volume "$BATS_TEST_TMPDIR/volume" '
		def hook: [{path: "/bin/true"}];
		.hooks = {prestart: hook, createRuntime: hook, createContainer: hook,
			startContainer: hook, poststart: hook, poststop: hook}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/tmp", type: "bind", source: $volume, options: ["rbind"]}]
		| .process.oomScoreAdj = 500
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "1000"}'
}

list_steps()
{
	rm -f "$log"
	create_faulty list
	faulty list start "$id"
	faulty list delete --force "$id"
}

# steps_of SEQUENCE
steps_of()
{
	grep "^$1:" "$log.all" | awk '!seen[$0]++'
}

no_process_left()
{
	[ -z "$(pgrep -f -- "$id")" ]
}

# Nothing of the container: each kind is shown by name when it is there.
nothing_left()
{
	local at=$1 left
	wait_for 1 no_process_left || {
		echo "$at: processes: $(pgrep -af -- "$id")" >&2
		return 1
	}
	left=$(cgroups_named "$id")
	left+=$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)
	left+=$(find "$state" -mindepth 1 -maxdepth 1 ! -name seccomp:cache)
	left+=$(find "$BATS_TEST_TMPDIR" -name '*.tmp')
	[ -z "$left" ] || {
		echo "$at: left behind: $left" >&2
		return 1
	}
}

kill_at()
{
	local at=$1 status=0
	case $at in
	create:*)
		create_faulty "kill:$at" && return 1
		nothing_runs_unrecorded "$at"
		;;
	init:*)
		# The steps after RELEASE are reached by start, which cannot tell death from execve.
		create_faulty "kill:$at" || status=$?
		[ $status -ne 0 ] || timeout 20 "$ORUN" --root "$state" start "$id" || true  # see above
		;;
	start:*)
		orun create "$id"
		faulty "kill:$at" start "$id" && return 1
		;;
	delete:*)
		orun create "$id"
		faulty "kill:$at" delete --force "$id" && return 1
		;;
	esac
	rm -f "$pid_file"
	timeout 20 "$ORUN" --root "$state" delete --force "$id"
	nothing_left "killed at $at"
}

# What no record names must end by itself.
nothing_runs_unrecorded()
{
	local pid
	pid=$(jq -r '.pid // empty' "$state/$id/state.json" 2>/dev/null || true)
	[ -z "$pid" ] || [ "$pid" = 0 ] || return 0
	wait_for 1 no_process_left || {
		echo "$1: still running: $(pgrep -af -- "$id")" >&2
		return 1
	}
}

fail_at()
{
	local at=$1 status=0 output=
	case $at in
	create:* | init:*)
		output=$(create_faulty "fail:$at" 2>&1) || status=$?
		if [ $status -eq 0 ]; then
			output=$(timeout 20 "$ORUN" --root "$state" start "$id" 2>&1) || status=$?
			has_status "$id" stopped
			orun delete "$id"
			rm -f "$pid_file"
		fi
		[ ! -e "$pid_file" ]
		;;
	start:*)
		orun create "$id"
		output=$(faulty "fail:$at" start "$id" 2>&1) || status=$?
		orun delete --force "$id"
		;;
	delete:*)
		orun create "$id"
		output=$(faulty "fail:$at" delete --force "$id" 2>&1) || status=$?
		orun delete --force "$id"
		;;
	esac
	equals "$at: $status" "$at: 1"
	[[ $output == *"${at%%:*}: ${at#*:}: "*"fault injected"* ]] || {
		echo "$at: the error does not name its step: $output" >&2
		return 1
	}
	nothing_left "failed at $at"
}

# at_every_step FUNCTION SEQUENCE…
at_every_step()
{
	local function=$1 sequence step n=0
	shift
	list_steps
	mv "$log" "$log.all"
	for sequence; do
		while read -r step; do
			"$function" "$step" || {
				echo "not as it must be: $function $step" >&2
				return 1
			}
			n=$((n + 1))
		done < <(steps_of "$sequence")
	done
	echo "# $n steps" >&3
	[ $n -ge $# ]
}

@test "kill -9 at every step of create and init leaves nothing that delete --force does not remove" {
	at_every_step kill_at create init
}

@test "kill -9 at every step of start and delete leaves nothing that delete --force does not remove" {
	at_every_step kill_at start delete
}

@test "a failure at any step names it and leaves nothing" {
	at_every_step fail_at create init start delete
}

@test "with hooks and a user namespace: kill -9 at every step" {
	configure_richly
	at_every_step kill_at create init start delete
}

@test "with hooks and a user namespace: a failure at any step" {
	configure_richly
	at_every_step fail_at create init start delete
}

# Steps of create and init once more, with a terminal that run keeps for itself.
run_and_die()
{
	! faulty "kill:$1" run "$id" </dev/null || return 1
	timeout 20 "$ORUN" --root "$state" delete --force "$id"
	nothing_left "killed at $1"
	! faulty "fail:$1" run "$id" </dev/null || return 1
	nothing_left "failed at $1"
}

@test "with a terminal: killed or failing at every step" {
	configure '.process.terminal = true'
	rm -f "$log"
	program /bin/true "$id"
	faulty list run "$id" </dev/null
	mv "$log" "$log.all"
	script "while :; do sleep 1; done # $id"
	local step
	while read -r step; do
		run_and_die "$step"
	done < <(steps_of create && steps_of init)
}

# init stands still somewhere, as in a hook that takes long, and its runtime is killed.
@test "init does not outlive a create that is killed before the container is recorded" {
	local step n=0 runtime
	list_steps
	mv "$log" "$log.all"
	while read -r step && [ "$step" != "init:wait for start" ]; do
		n=$((n + 1))
		[ $n -gt 4 ] || continue # until it has entered its namespaces it waits for nothing else
		rm -f "$log"
		touch "$log"
		(
			cd "$bundle"
			ORUN_FAULT=hold:$step ORUN_FAULT_LOG=$log exec "$FAULT" --root "$state" create "$id"
		) &
		runtime=$!
		wait_for 5 grep -qF "$step" "$log"
		kill_now $runtime
		wait_for 1 no_process_left || {
			echo "$step: $(pgrep -af -- "$id")" >&2
			return 1
		}
		orun delete --force "$id"
		nothing_left "held at $step"
	done < <(steps_of init)
	[ $n -gt 10 ]
}

@test "no hook outlives a create that is killed" {
	local kind
	for kind in prestart createRuntime createContainer; do
		# shellcheck disable=SC2016 # a variable of jq, not of the shell
		configure --arg kind "$kind" --arg id "$id" \
			'.hooks = {($kind): [{path: "/bin/sh", args: ["sh", "-c", "sleep 100; : " + $id]}]}'
		(cd "$bundle" && exec "$ORUN" --root "$state" create "$id") &
		wait_for 5 pgrep -f "sleep 100; : $id"
		kill_now $!
		wait_for 1 no_process_left || {
			echo "$kind: $(pgrep -af -- "$id")" >&2
			return 1
		}
		orun delete --force "$id"
		nothing_left "$kind"
	done
}

@test "kill -9 at moments of chance" {
	local i
	for i in {1..100}; do
		(cd "$bundle" && exec "$ORUN" --root "$state" create "$id") 2>/dev/null &
		sleep "0.00$((RANDOM % 9))"
		kill_now $!
		orun delete --force "$id"
		nothing_left "chance $i"
	done
}

@test "a create that fails or is killed leaves another container in the same group alone" {
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg path "/$id-shared" '.linux.cgroupsPath = $path'
	orun create "$id-other"
	orun start "$id-other"
	run -1 orun create "$id"
	output_has "not empty"
	has_status "$id-other" running
	! faulty "kill:create:control group" create "$id" || return 1
	orun delete --force "$id"
	has_status "$id-other" running
	orun delete --force "$id-other"
	nothing_left "end"
}

# exec_faulty FAULT: in the running container, a process with a mark of its own; its words are in $said.
exec_faulty()
{
	said=$BATS_TEST_TMPDIR/said
	faulty "$1" exec --detach --pid-file "$pid_file" "$id" sh -c "while :; do sleep 0.1; done # exec-$id" </dev/null >"$said" 2>&1
}

no_exec_left()
{
	[ -z "$(pgrep -f -- "exec-$id")" ]
}

# And what init has started: its sleep.
only_init_is_left()
{
	[ "$(orun ps --format json "$id" | jq length)" -le 2 ]
}

# after_exec AT: the container is as before, and nobody else is in it.
after_exec()
{
	wait_for 1 no_exec_left || {
		echo "$1: processes: $(pgrep -af -- "exec-$id")" >&2
		return 1
	}
	has_status "$id" running
	wait_for 2 only_init_is_left || {
		echo "$1: $(orun ps "$id")" >&2
		return 1
	}
	[ -z "$(find "$BATS_TEST_TMPDIR" -name '*.tmp')" ]
}

list_exec_steps()
{
	orun create "$id" </dev/null >/dev/null 2>&1
	orun start "$id"
	rm -f "$log"
	exec_faulty list
	mv "$log" "$log.all"
	kill -9 "$(cat "$pid_file")"
	after_exec "without a fault"
	rm "$pid_file"
}

kill_exec_at()
{
	local at=$1 status=0
	exec_faulty "kill:$at" || status=$?
	# Once it has been let go, a death cannot be told from execve.
	case $at in
	process:privileges | process:execve) ;;
	*) [ $status -ne 0 ] ;;
	esac
	# What the runtime's own end leaves is the file, as any other program's would.
	[[ $at == exec:* ]] || [ $status -eq 0 ] || [ ! -e "$pid_file" ]
	rm -f "$pid_file"
	after_exec "killed at $at"
}

fail_exec_at()
{
	local at=$1 status=0
	exec_faulty "fail:$at" || status=$?
	equals "$at: $status" "$at: 255"
	grep -qF "${at%%:*}: ${at#*:}: fault injected" "$said" || {
		echo "$at: the error does not name its step: $(cat "$said")" >&2
		return 1
	}
	[ ! -e "$pid_file" ]
	after_exec "failed at $at"
}

exec_at_every_step()
{
	local step n=0
	list_exec_steps
	while read -r step; do
		kill_exec_at "$step"
		fail_exec_at "$step"
		n=$((n + 1))
	done < <(steps_of exec && steps_of process)
	# By now the process has nothing open by which it could tell its steps.
	for step in process:privileges process:execve; do
		kill_exec_at "$step"
		fail_exec_at "$step"
	done
	[ $n -gt 20 ]
	orun delete --force "$id"
	nothing_left "end"
}

@test "exec killed or failing at any step, on either side, leaves the container as it was" {
	exec_at_every_step
}

@test "the same with a user namespace, a filter and another user" {
	configure_richly
	configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}
		| .process.user = {uid: 5, gid: 6} | .process.noNewPrivileges = false'
	exec_at_every_step
}

@test "the process of exec does not outlive a runtime that is killed before it is let go" {
	local step n=0 runtime
	list_exec_steps
	while read -r step; do
		n=$((n + 1))
		[ $n -gt 4 ] || continue # until it has entered its namespaces it waits for nothing
		rm -f "$log"
		touch "$log"
		(
			cd "$bundle"
			ORUN_FAULT=hold:$step ORUN_FAULT_LOG=$log exec "$FAULT" --root "$state" exec "$id" sh -c "while :; do sleep 0.1; done # exec-$id"
		) </dev/null >/dev/null 2>&1 3>&- &
		runtime=$!
		wait_for 5 grep -qF "$step" "$log"
		kill_now $runtime
		after_exec "held at $step"
	done < <(steps_of process)
	[ $n -gt 8 ]
}

@test "exec: kill -9 at moments of chance" {
	local i
	list_exec_steps
	for i in {1..60}; do
		(cd "$bundle" && exec "$ORUN" --root "$state" exec "$id" sh -c ": exec-$id") </dev/null >/dev/null 2>&1 3>&- &
		sleep "0.00$((RANDOM % 5))"
		kill_now $!
		after_exec "chance $i"
	done
}

# no_process: nobody is in a group of this test.
no_process()
{
	local group
	for group in $(cgroups_named "$id"); do
		[ -z "$(cat "$group/cgroup.procs")" ] || return 1
	done
}

@test "an init whose runtime is killed ends by itself, at whatever it waits for" {
	local step killed
	for step in "id maps" go "wait for init" "resource limits" "pid file" release; do
		killed=0
		create_faulty "kill:create:$step" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || killed=$?
		equals "$step: $killed" "$step: 137"
		wait_for 5 no_process
		orun delete --force "$id"
	done
}
