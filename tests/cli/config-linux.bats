#!/usr/bin/env bats
# linux: names, sysctl, hidden paths, devices, propagation of the root, seccomp, labels.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "hostname and domainname are set in the container alone" {
	local before
	before=$(hostname)
	configure '.hostname = "some-host" | .domainname = "example.org"'
	inside 'hostname; cat /proc/sys/kernel/domainname'
	equals "$output" $'some-host\nexample.org'
	equals "$(hostname)" "$before"
}

@test "names that are too long are refused" {
	configure '.hostname = ([range(65)] | map("x") | join(""))'
	create_fails hostname
}

@test "sysctl keys of the container's namespaces are set" {
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9999", "net/ipv4/ip_default_ttl": "33",
		"fs.mqueue.msg_max": "20"}'
	local before
	before=$(cat /proc/sys/kernel/msgmax)
	inside 'cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax net/ipv4/ip_default_ttl fs/mqueue/msg_max'
	equals "$(xargs <<<"$output")" "1 9999 33 20"
	equals "$(cat /proc/sys/kernel/msgmax)" "$before"
}

@test "sysctl keys of a namespace that is the host's are refused" {
	without_namespace network
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	create_fails net.ipv4.ip_forward
}

@test "a sysctl value that the kernel refuses is told" {
	configure '.linux.sysctl = {"net.ipv4.ip_default_ttl": "many"}'
	create_fails sysctl net.ipv4.ip_default_ttl "invalid argument"
}

@test "masked files read as empty and masked directories are empty" {
	mkdir -p "$bundle/rootfs/secret/inner"
	echo secret >"$bundle/rootfs/etc/secret"
	touch "$bundle/rootfs/secret/file"
	configure '.linux.maskedPaths = ["/etc/secret", "/secret", "/absent/path"] | .root.readonly = false'
	inside 'wc -c </etc/secret; ls -A /secret | wc -l; echo x >/etc/secret; wc -c </etc/secret; touch /secret/new 2>&1; true'
	equals "${lines[0]}${lines[1]}${lines[2]}" 000
	output_has "Read-only"
	equals "$(cat "$bundle/rootfs/etc/secret")" secret
}

@test "read-only paths cannot be written, what is absent is passed over" {
	mkdir "$bundle/rootfs/fixed"
	configure '.linux.readonlyPaths = ["/fixed", "/etc/passwd", "/proc/sys", "/absent"] | .root.readonly = false'
	inside 'touch /fixed/new 2>&1; echo x 2>&1 >>/etc/passwd; echo 1 2>&1 >/proc/sys/net/ipv4/ip_forward; touch /tmp/works && echo works'
	equals "$(grep -ci "read-only" <<<"$output")" 3
	output_has works
}

@test "a read-only root cannot be written, the mounts on it can" {
	inside 'touch /new 2>&1; touch /dev/shm/new && echo works'
	output_has "Read-only"
	output_has works
	configure '.root.readonly = false'
	inside 'touch /new && echo written'
	equals "$output" written
}

@test "the default devices are there" {
	inside 'for d in null zero full random urandom tty; do stat -c "%n %t:%T %a %F" /dev/$d; done'
	equals "$output" "/dev/null 1:3 666 character special file
/dev/zero 1:5 666 character special file
/dev/full 1:7 666 character special file
/dev/random 1:8 666 character special file
/dev/urandom 1:9 666 character special file
/dev/tty 5:0 666 character special file"
}

@test "the default links are there" {
	inside 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
	equals "$(xargs <<<"$output")" "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx"
}

@test "the default devices work" {
	inside 'echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c; echo y 2>&1 >/dev/full; true'
	equals "${lines[0]}${lines[1]}" 44
	output_has "No space left"
}

@test "/dev holds the same as under runc" {
	same_as_runc 'ls -l /dev | cut -c1-10 | sort; ls /dev'
}

@test "configured devices: character, block, fifo, with mode and owner" {
	configure '.linux.devices = [
		{path: "/dev/my/null", type: "c", major: 1, minor: 3, fileMode: 432, uid: 5, gid: 6},
		{path: "/dev/u", type: "u", major: 1, minor: 5},
		{path: "/dev/block", type: "b", major: 7, minor: 200},
		{path: "/dev/pipe", type: "p", fileMode: 384}]'
	inside 'for d in my/null u block pipe; do stat -c "%n %F %t:%T %a %u:%g" /dev/$d; done'
	equals "${lines[0]}" "/dev/my/null character special file 1:3 660 5:6"
	[[ ${lines[1]} == "/dev/u character special file 1:5 666 0:0" ]]
	[[ ${lines[2]} == "/dev/block block special file 7:c8 666 0:0" ]]
	[[ ${lines[3]} == "/dev/pipe fifo 0:0 600 0:0" ]]
}

@test "a configured device in place of a default one" {
	configure '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384}]'
	inside "stat -c %a /dev/null"
	equals "$output" 600
	equals "$output" 600
}

@test "a device of an unknown type, or without numbers, is refused" {
	configure '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]'
	create_fails 'linux.devices[0]'
	configure '.linux.devices = [{path: "/dev/x", type: "c"}]'
	create_fails 'linux.devices[0]'
}

@test "in a user namespace the devices are the host's, bound" {
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	inside 'for d in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$d; done; echo x >/dev/null && echo works;
		cut -d" " -f5 /proc/self/mountinfo | grep -cx /dev/null'
	equals "${lines[0]}" "/dev/null 1:3"
	equals "${lines[5]}" "/dev/tty 5:0"
	equals "${lines[6]}" works
	[ "${lines[7]}" -ge 1 ]
}

@test "rootfsPropagation says how the root propagates" {
	for pair in private: slave: rslave: rprivate: shared:shared: rshared:shared: unbindable:unbindable runbindable:unbindable; do
		configure --arg word "${pair%%:*}" '.linux.rootfsPropagation = $word'
		inside 'cut -d" " -f5- /proc/self/mountinfo | grep "^/ "'
		case ${pair%%:*} in
		*private) [[ $output != *shared:* && $output != *master:* ]] ;;
		*slave) [[ $output != *shared:* ]] ;;
		*) output_has "${pair#*:}" ;;
		esac
	done
	configure '.linux.rootfsPropagation = "sideways"'
	create_fails rootfsPropagation
}

# seccomp DEFAULT SYSCALLS [MORE]: SYSCALLS is the JSON of linux.seccomp.syscalls.
seccomp()
{
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	configure --arg default "$1" --argjson calls "$2" --argjson more "${3:-{\}}" \
		'.linux.seccomp = {defaultAction: $default, syscalls: $calls} + $more'
}

@test "seccomp: ERRNO gives EPERM or the number of errnoRet" {
	seccomp SCMP_ACT_ALLOW '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]'
	configure '.root.readonly = false'
	inside 'mkdir /tmp/x 2>&1; grep Seccomp: /proc/self/status'
	output_has "Operation not permitted"
	output_has $'Seccomp:\t2'
	seccomp SCMP_ACT_ALLOW '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]'
	inside 'mkdir /tmp/x 2>&1; true'
	output_has "No space left"
}

@test "seccomp: KILL, KILL_PROCESS, KILL_THREAD and TRAP end the program" {
	program /bin/mkdir /tmp/x
	for action in KILL KILL_PROCESS KILL_THREAD TRAP; do
		seccomp SCMP_ACT_ALLOW "[{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_$action\"}]"
		run -159 orun run "$id"
	done
}

@test "seccomp: LOG and ALLOW let through, TRACE without a tracer is ENOSYS" {
	configure '.root.readonly = false'
	for action in LOG ALLOW; do
		seccomp SCMP_ACT_ALLOW "[{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_$action\"}]"
		inside 'mkdir /tmp/x && rm -r /tmp/x && echo works'
		equals "$output" works
	done
	seccomp SCMP_ACT_ALLOW '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_TRACE"}]'
	inside 'mkdir /tmp/x 2>&1; true'
	output_has "$(LC_ALL=C perl -MPOSIX -e 'print strerror(ENOSYS)')"
}

@test "seccomp: every operator compares the argument" {
	# getpriority(2)'s first word is which: 0 for nice(1)-like calls of busybox; kill(2) has better ones.
	script 'kill -0 1 2>/dev/null; echo $?; kill -18 1 2>/dev/null; echo $?'
	check() {
		seccomp SCMP_ACT_ALLOW "[{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 1, \"value\": $2, \"op\": \"$1\"${4:-}}]}]"
		run -0 orun run "$id"
		equals "$1 $(xargs <<<"$output")" "$1 $3"
	}
	check SCMP_CMP_EQ 18 "0 1"
	check SCMP_CMP_NE 18 "1 0"
	check SCMP_CMP_LT 18 "1 0"
	check SCMP_CMP_LE 18 "1 1"
	check SCMP_CMP_GT 0 "0 1"
	check SCMP_CMP_GE 18 "0 1"
	check SCMP_CMP_MASKED_EQ 16 "0 1" ', "valueTwo": 16'
}

@test "seccomp: the default action binds everything that is not listed" {
	seccomp SCMP_ACT_KILL_PROCESS '[{"names": ["exit", "exit_group", "execve", "write"], "action": "SCMP_ACT_ALLOW"}]'
	program /bin/true
	run orun run "$id"
	[ "$status" -eq 159 ]
}

@test "seccomp: flags and architectures" {
	seccomp SCMP_ACT_ALLOW '[{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]' \
		'{"flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"],
			"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}'
	inside 'grep Seccomp_filters /proc/self/status'
	equals "$(echo $output)" "Seccomp_filters: 1"
	seccomp SCMP_ACT_ALLOW '[]' '{"flags": ["SECCOMP_FILTER_FLAG_NOSUCH"]}'
	create_fails SECCOMP_FILTER_FLAG_NOSUCH
	seccomp SCMP_ACT_ALLOW '[]' '{"architectures": ["SCMP_ARCH_NOSUCH"]}'
	create_fails SCMP_ARCH_NOSUCH
}

@test "seccomp: unknown actions and operators are refused, unknown calls passed over" {
	seccomp SCMP_ACT_NOSUCH '[]'
	create_fails SCMP_ACT_NOSUCH
	seccomp SCMP_ACT_ALLOW '[{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_NOSUCH"}]}]'
	create_fails SCMP_CMP_NOSUCH
	seccomp SCMP_ACT_ALLOW '[{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]'
	create_fails seccomp
	seccomp SCMP_ACT_ALLOW '[{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]'
	inside 'echo ran'
	output_has ran
}

@test "seccomp: with and without noNewPrivileges, as root and as another user" {
	for nnp in true false; do
		for uid in 0 1000; do
			seccomp SCMP_ACT_ALLOW '[{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]'
			configure --argjson nnp $nnp --argjson uid $uid '.process.noNewPrivileges = $nnp | .process.user = {uid: $uid, gid: 0}'
			inside 'grep -E "^(Seccomp|NoNewPrivs|CapEff)" /proc/self/status'
			output_has $'Seccomp:\t2'
		done
	done
}

@test "seccomp: what the filter does is the same as under runc" {
	seccomp SCMP_ACT_ERRNO '[{"names": ["mkdir", "chmod", "unshare", "mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]' \
		'{"defaultErrnoRet": 38}'
	configure '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW" | del(.linux.seccomp.defaultErrnoRet) | .root.readonly = false'
	same_as_runc 'mkdir /tmp/x 2>&1; unshare -m true 2>&1; mount -t tmpfs x /tmp 2>&1; grep ^Seccomp /proc/self/status; true'
}

@test "labels where no LSM is active are a warning" {
	[ ! -d /sys/fs/selinux/ ] || [ -z "$(ls /sys/fs/selinux 2>/dev/null)" ] || skip "SELinux is active"
	configure '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	inside 'echo ran'
	output_has ran
	output_has warning
	[ ! -d /sys/kernel/security/apparmor ] || skip "AppArmor is active"
	configure 'del(.process.selinuxLabel) | .process.apparmorProfile = "some-profile"'
	inside 'echo ran'
	output_has ran
	output_has warning
}
