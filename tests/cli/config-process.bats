#!/usr/bin/env bats
# process: what the program finds: directory, environment, ids, capabilities, limits.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# What the fourth column of /proc/self/status says, for the five sets in order.
sets() { echo "$output" | awk '/^Cap/ { printf "%s ", $2 }'; }

@test "cwd is where the program starts, and is made when it is missing" {
	configure '.root.readonly = false | .process.cwd = "/made/for/it"'
	inside 'pwd'
	equals "$output" /made/for/it
	equals "$(stat -c %a "$bundle/rootfs/made/for/it")" 755
}

@test "a cwd that is no directory or relative is refused" {
	configure '.process.cwd = "/etc/passwd"'
	create_fails cwd "not a directory"
	configure '.process.cwd = "relative"'
	create_fails cwd
}

@test "a cwd that only the user can enter, and one that only root can, both work" {
	mkdir "$bundle/rootfs/mine" "$bundle/rootfs/roots"
	chown 1000:1000 "$bundle/rootfs/mine"
	chmod 700 "$bundle/rootfs/mine" "$bundle/rootfs/roots"
	configure '.process.user = {uid: 1000, gid: 1000}'
	for dir in /mine /roots; do
		configure --arg dir "$dir" '.process.cwd = $dir'
		inside 'pwd -P || true; echo here'
		output_has here
	done
}

@test "the environment is that of the configuration, with HOME" {
	configure '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "SPACE=a b", "LATER=1"]'
	program /bin/env
	LEAK=1 run -0 orun run "$id"
	equals "$(sort <<<"$output" | xargs)" "A=1 EMPTY= HOME=/root LATER=1 PATH=/bin SPACE=a b"
}

@test "HOME is the user's in passwd, or /, or what the configuration says" {
	echo 'someone:x:1000:1000::/home/someone:/bin/sh' >>"$bundle/rootfs/etc/passwd"
	configure '.process.user = {uid: 1000, gid: 1000}'
	inside 'echo $HOME'
	equals "$output" /home/someone
	configure '.process.user.uid = 1001'
	inside 'echo $HOME'
	equals "$output" /
	configure '.process.env += ["HOME=/given"]'
	inside 'echo $HOME'
	equals "$output" /given
}

@test "the environment is the same as under runc" {
	configure '.process.env += ["A=b", "A=c", "X=\"y\""]'
	same_as_runc 'env | sort'
}

@test "the program is looked for along PATH" {
	mkdir -p "$bundle/rootfs/opt/a" "$bundle/rootfs/opt/b"
	printf '#!/bin/sh\necho b "$0"\n' >"$bundle/rootfs/opt/b/tool"
	chmod 755 "$bundle/rootfs/opt/b/tool"
	touch "$bundle/rootfs/opt/a/tool" # not executable: to be passed over
	configure '.process.env = ["PATH=/opt/none:/opt/a:/opt/b:/bin"]'
	program tool
	run -0 orun run "$id"
	equals "$output" "b /opt/b/tool"
}

@test "what callers match in the errors of args" {
	fails() {
		local text
		run -1 orun run "$id"
		for text; do output_has "$text"; done
		nothing_left
	}
	program absent
	fails 'exec: "absent": executable file not found in $PATH'
	program /bin/absent
	fails "/bin/absent" "no such file or directory"
	program /etc
	fails "is a directory"
	program /etc/passwd
	fails "permission denied"
	program /etc/passwd/x
	fails "not a directory"
	configure '.process.args = []'
	create_fails args
	configure 'del(.process.args)'
	create_fails args
}

@test "arguments reach the program unchanged" {
	configure '.process.args = ["/bin/sh", "-c", "for a; do echo \"<$a>\"; done", "sh", "", "a b", "$x", "é\t"]'
	run -0 orun run "$id"
	equals "$output" $'<>\n<a b>\n<$x>\n<é\t>'
}

@test "uid, gid, additional groups and umask" {
	configure '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 1002], umask: 63}'
	inside 'id -u; id -g; grep -E "^(Uid|Gid|Groups)" /proc/self/status; umask'
	equals "${lines[0]} ${lines[1]}" "1000 1001"
	equals "$(echo ${lines[2]})" "Uid: 1000 1000 1000 1000"
	equals "$(echo ${lines[3]})" "Gid: 1001 1001 1001 1001"
	equals "$(echo ${lines[4]})" "Groups: 5 1002"
	equals "${lines[5]}" 0077
}

@test "without umask it is as under runc" {
	same_as_runc 'umask; id'
}

@test "each capability set is as configured" {
	configure '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: []} | .process.user = {uid: 0, gid: 0}'
	program /bin/grep ^Cap /proc/self/status
	run -0 orun run "$id"
	# Root gains by execve(2) what is bounding: chown 0, kill 5, setuid 7.
	output_has $'CapInh:\t0000000000000020'
	output_has $'CapBnd:\t00000000000000a1'
	output_has $'CapAmb:\t0000000000000000'
}

@test "ambient capabilities reach a program of another user" {
	configure '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = (
		["CAP_NET_RAW", "CAP_KILL"] | {bounding: ., permitted: ., effective: ., inheritable: ., ambient: .})'
	program /bin/grep ^Cap /proc/self/status
	run -0 orun run "$id"
	for set in Inh Prm Eff Bnd Amb; do
		output_has "Cap$set:"$'\t'0000000000002020
	done
}

@test "without capabilities another user has none, and root's are bounded" {
	configure '.process.capabilities = {}'
	program /bin/grep ^Cap /proc/self/status
	run -0 orun run "$id"
	equals "$(sets)" "$(printf '0000000000000000 %.0s' 1 2 3 4 5)"
	configure 'del(.process.capabilities) | .process.user = {uid: 1000, gid: 1000}'
	run -0 orun run "$id"
	output_has $'CapEff:\t0000000000000000'
}

@test "capabilities are the same as under runc" {
	configure '.process.capabilities.inheritable = ["CAP_KILL"] | .process.capabilities.ambient = ["CAP_KILL"]'
	same_as_runc 'grep ^Cap /proc/self/status'
	configure '.process.user = {uid: 7, gid: 8}'
	same_as_runc 'grep ^Cap /proc/self/status'
}

@test "an unknown capability is a warning" {
	configure '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	script 'echo ran'
	run -0 orun run "$id"
	output_has ran
	output_has warning
	output_has CAP_NO_SUCH
}

@test "limits bind the program" {
	configure '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_STACK", soft: 1048576, hard: 2097152}]'
	inside 'cat /proc/self/limits'
	[[ $output =~ Max\ open\ files\ +100\ +200 ]]
	[[ $output =~ Max\ core\ file\ size\ +0\ +0 ]]
	[[ $output =~ Max\ stack\ size\ +1048576\ +2097152 ]]
}

@test "limits hold for another user too" {
	configure '.process.user = {uid: 1000, gid: 1000} | .process.rlimits = [{type: "RLIMIT_NPROC", soft: 10, hard: 20}]'
	inside 'cat /proc/self/limits'
	[[ $output =~ Max\ processes\ +10\ +20 ]]
}

@test "limits that are unknown, twice or upside down are refused" {
	configure '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
	create_fails RLIMIT_NOSUCH
	configure '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 1, hard: 1}]'
	create_fails rlimits
	configure '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	create_fails rlimits
}

@test "oomScoreAdj is set, and not touched when it is not given" {
	configure '.process.oomScoreAdj = 500'
	inside 'cat /proc/self/oom_score_adj'
	equals "$output" 500
	configure 'del(.process.oomScoreAdj)'
	inside 'cat /proc/self/oom_score_adj'
	equals "$output" "$(cat /proc/self/oom_score_adj)"
	configure '.process.oomScoreAdj = 2000'
	create_fails oomScoreAdj
}

@test "noNewPrivileges is as configured" {
	for value in true false; do
		configure --argjson value $value '.process.noNewPrivileges = $value'
		inside 'grep NoNewPrivs /proc/self/status'
		equals "$(echo $output)" "NoNewPrivs: $([ $value = true ] && echo 1 || echo 0)"
	done
}

@test "the scheduler is set" {
	command -v chrt >/dev/null || skip "chrt is not installed"
	configure '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	orun run --detach "$id"
	chrt -p "$(pid_of "$id")" | grep SCHED_BATCH
	equals "$(awk '{ print $19 }' "/proc/$(pid_of "$id")/stat")" 5
	orun delete --force "$id"
	configure '.process.scheduler = {policy: "SCHED_IDLE"}'
	orun run --detach "$id"
	chrt -p "$(pid_of "$id")" | grep SCHED_IDLE
}

@test "an unknown scheduler policy is refused" {
	configure '.process.scheduler = {policy: "SCHED_NOSUCH"}'
	create_fails SCHED_NOSUCH
}

@test "the I/O priority is set" {
	command -v ionice >/dev/null || skip "ionice is not installed"
	configure '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	orun run --detach "$id"
	equals "$(ionice -p "$(pid_of "$id")")" "best-effort: prio 6"
	orun delete --force "$id"
	configure '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	orun run --detach "$id"
	equals "$(ionice -p "$(pid_of "$id")")" idle
}

@test "the personality is set" {
	configure '.linux.personality = {domain: "LINUX32"}'
	inside 'uname -m; cat /proc/self/personality'
	[ "${lines[0]}" != x86_64 ]
	equals "${lines[1]}" 00000008
	configure '.linux.personality = {domain: "LINUX"}'
	inside 'cat /proc/self/personality'
	equals "$output" 00000000
	configure '.linux.personality = {domain: "SOLARIS"}'
	create_fails personality
}

@test "a configuration without a process can be created, but not started" {
	configure 'del(.process)'
	orun create "$id"
	equals "$(status_of "$id")" created
	run -1 orun start "$id"
	output_has "process"
	orun delete --force "$id"
	nothing_left
}

@test "signals that the caller ignores have their default action in the container" {
	program /bin/grep SigIgn /proc/self/status
	run bash -c "trap '' HUP INT PIPE USR1 QUIT; cd '$bundle' && exec '$ORUN' --root '$state' run '$id'"
	equals "$status" 0
	equals "$output" "SigIgn:	0000000000000000"
}
