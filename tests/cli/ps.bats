#!/usr/bin/env bats
# orun ps: ids as JSON, or the lines of ps(1).
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# Three processes: the shell and two sleepers.
run_three()
{
	script 'sleep 1000 & sleep 1001 & wait'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	wait_for 5 has_processes 3
}

has_processes() { [ "$(orun ps --format json "$id" | jq length)" -eq "$1" ]; }

# What the kernel says, as ps should.
members()
{
	cgroups_named "$id" | head -n1 | xargs -I{} cat {}/cgroup.procs | sort -n | jq -sc .
}

@test "as JSON it is a bare array of pids" {
	run_three
	run -0 orun ps --format json "$id"
	equals "$output" "$(members)"
	[[ $output == *"$(pid_of "$id")"* ]]
	run -0 orun ps -f json "$id"
	equals "$output" "$(members)"
}

@test "containerd's call gives the same" {
	run_three
	run -0 "$ORUN" --root "$state" --log "$BATS_TEST_TMPDIR/log.json" --log-format json \
		ps --format json "$id"
	equals "$output" "$(members)"
	equals "$(cat "$BATS_TEST_TMPDIR/log.json")" ""
}

@test "a table has the header and the lines of ps -ef" {
	run_three
	run -0 orun ps "$id"
	[[ ${lines[0]} == UID*PID*CMD ]]
	equals "${#lines[@]}" 4
	output_has "sleep 1000"
	output_has "sleep 1001"
	equals "$(awk 'NR > 1 { print $2 }' <<<"$output" | sort -n | jq -sc .)" "$(members)"
}

@test "words behind the id are for ps, whatever they look like" {
	run_three
	run -0 orun ps "$id" -e -o pid,stat
	[[ ${lines[0]} =~ ^\ *PID\ STAT$ ]]
	equals "${#lines[@]}" 4
	run -0 orun ps "$id" aux
	[[ ${lines[0]} == USER*PID*COMMAND ]]
	equals "${#lines[@]}" 4
	# Not ours: --format is a list of columns, -f a full listing.
	run -0 orun ps "$id" -e --format pid,ppid
	[[ ${lines[0]} =~ ^\ *PID\ +PPID$ ]]
	run -0 orun ps "$id" -f -p "$(pid_of "$id")"
	[[ ${lines[0]} == UID*PID*CMD ]]
	equals "${#lines[@]}" 2
	run -0 orun ps --format table -- "$id" -e -o pid
	equals "${#lines[@]}" 4
	# ps knows no "--": it is told, and says so.
	run -1 orun ps "$id" -- -ef
	output_has "ps: exit status 1"
}

@test "what ps prints without a PID column is no answer" {
	run_three
	run -1 orun ps "$id" -e -o args
	output_has "couldn't find PID field in ps output"
	run -1 orun ps "$id" --no-such-option
	output_has "ps: exit status 1"
	run -1 env PATH=/nowhere "$ORUN" --root "$state" ps "$id"
	output_has "executable file not found in \$PATH"
}

@test "another format is refused before anything runs" {
	run_three
	for word in xml JSON "" table,json; do
		run -1 orun ps --format "$word" "$id"
		output_has "invalid format option"
	done
	run -1 orun ps "$id-none"
	output_has "does not exist"
	run -1 orun ps
	output_has "wants ID"
}

@test "created, paused and stopped containers are listed too" {
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	equals "$(orun ps --format json "$id")" "[$(pid_of "$id")]"
	orun pause "$id"
	equals "$(orun ps --format json "$id")" "[$(pid_of "$id")]"
	orun resume "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	equals "$(orun ps --format json "$id")" "[]"
	run -0 orun ps "$id"
	equals "${#lines[@]}" 1
}

@test "processes may come and go while they are listed" {
	script 'while :; do for i in 1 2 3 4 5 6 7 8; do /bin/true & done; wait; done'
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	init=$(pid_of "$id")
	for _ in $(seq 50); do
		orun ps --format json "$id" | jq -e --argjson init "$init" 'index($init) != null' >/dev/null
	done
	for _ in $(seq 10); do
		orun ps "$id" -e -o pid,args | grep -q "^ *$init "
	done
}

@test "the answer is runc's" {
	need_runc
	run_three
	# runc's own container, asked by both: the ids of its processes, in any order.
	runc_run --detach </dev/null >"$BATS_TEST_TMPDIR/said-runc" 2>&1
	theirs=$(runc --root "$BATS_TEST_TMPDIR/runc" ps --format json "$id-runc" | jq type)
	header=$(runc --root "$BATS_TEST_TMPDIR/runc" ps "$id-runc" | head -n1)
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	equals "$(orun ps --format json "$id" | jq type)" "$theirs"
	equals "$(orun ps "$id" | head -n1)" "$header"
}
