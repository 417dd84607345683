#!/usr/bin/env bats
# orun kill: signals to the program, or to every process of the container.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# A program that writes the signal's name; the container is running when this returns.
start_listener()
{
	configure '.root.readonly = false'
	script 'for s in HUP INT USR1 USR2 TERM; do trap "echo $s >/tmp/got" $s; done
		echo ready >/tmp/got; while :; do sleep 0.05; done'
	orun run --detach "$id"
	wait_for 5 test -s "$bundle/rootfs/tmp/got"
}

got() { [ "$(cat "$bundle/rootfs/tmp/got")" = "$1" ]; }

@test "without a signal it is TERM" {
	start_listener
	orun kill "$id"
	wait_for 5 got TERM
}

@test "a signal has a name with or without SIG, in any case, or a number" {
	start_listener
	for word in HUP:HUP SIGINT:INT usr1:USR1 sigusr2:USR2 1:HUP 2:INT 10:USR1 15:TERM; do
		orun kill "$id" "${word%:*}"
		wait_for 5 got "${word#*:}"
	done
}

@test "KILL ends the container" {
	start_listener
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	equals "$(cgroups_named "$id" | xargs -rI{} cat {}/cgroup.procs | wc -l)" 0
}

@test "unknown signals are refused" {
	orun create "$id"
	for word in NOSUCH SIG 65 -1 9x "" 99999999999999999999; do
		run -1 orun kill -- "$id" "$word"
		output_has signal
	done
	equals "$(status_of "$id")" created
}

@test "a created container gets signals too" {
	orun create "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
}

@test "a stopped container is not running" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	run -1 orun kill "$id" TERM
	output_has "container not running"
	run -1 orun kill "$id" KILL
	output_has "container not running"
}

@test "kill of what does not exist says so" {
	run -1 orun kill "$id" KILL
	output_has "container $id does not exist"
}

@test "--all reaches every process" {
	configure '.root.readonly = false'
	script 'for n in 1 2 3; do
			sh -c "trap \"echo >/tmp/$n; exit\" TERM; echo >/tmp/up$n; while :; do sleep 0.05; done" &
		done
		trap "" TERM; while :; do sleep 0.05; done'
	orun run --detach "$id"
	for n in 1 2 3; do wait_for 5 test -e "$bundle/rootfs/tmp/up$n"; done
	orun kill --all "$id" TERM
	for n in 1 2 3; do wait_for 5 test -e "$bundle/rootfs/tmp/$n"; done
	equals "$(status_of "$id")" running
}

@test "-a and --all=true mean --all" {
	orun run --detach "$id"
	orun kill -a "$id" CONT
	orun kill --all=true "$id" CONT
}

@test "KILL takes the others along where the pid namespace is the host's" {
	without_namespace pid
	script 'sleep 1000 & sleep 1000 & wait'
	orun run --detach "$id"
	procs() { cgroups_named "$id" | grep -m 1 pids | xargs -I{} cat {}/cgroup.procs; }
	has_three() { [ "$(procs | wc -l)" -eq 3 ]; }
	has_none() { [ "$(procs | wc -l)" -eq 0 ]; }
	wait_for 5 has_three
	orun kill "$id" KILL
	wait_for 5 has_none
	wait_for_status "$id" stopped
}

@test "kill wants an id and at most one signal" {
	run -1 orun kill
	output_has "wants ID [SIGNAL]"
	run -1 orun kill a TERM KILL
	output_has "wants ID [SIGNAL]"
}

@test "--regex signals all that match; one that has stopped does not keep the others" {
	program /bin/true
	orun run --detach "$id-a"
	wait_for_status "$id-a" stopped
	orun create "$id-b"
	orun create "$id-c"
	orun create "$id-other"
	run -1 orun kill --regex "$id-[abc]" KILL
	equals "$output" "orun: container $id-a: container not running"
	wait_for_status "$id-b" stopped
	wait_for_status "$id-c" stopped
	equals "$(status_of "$id-other")" created
	run -0 orun kill -r -a "$id-other$" KILL
	equals "$output" ""
	wait_for_status "$id-other" stopped
}

@test "--regex that matches nothing is no error, one that is no expression is" {
	orun create "$id"
	run -0 orun kill --regex none KILL
	equals "$output" ""
	run -1 orun kill --regex "*(" KILL
	output_has "regular expression '*('"
	run -1 orun kill --regex . NOSUCH
	output_has signal
	equals "$(status_of "$id")" created
}
