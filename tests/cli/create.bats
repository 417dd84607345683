#!/usr/bin/env bats
# orun create: what it makes, its options, and what it refuses.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "create makes a container whose program does not run yet" {
	script 'touch /tmp/ran; sleep 100'
	configure '.root.readonly = false'
	orun create "$id"
	equals "$(status_of "$id")" created
	[ ! -e "$bundle/rootfs/tmp/ran" ]
	[ "$(pid_of "$id")" -gt 0 ]
}

@test "create prints nothing" {
	orun create "$id" >"$BATS_TEST_TMPDIR/out" 2>&1
	equals "$(cat "$BATS_TEST_TMPDIR/out")" ""
}

@test "the bundle is named by --bundle, -bundle, -b and --bundle=" {
	for option in "--bundle $bundle" "-bundle $bundle" "-b $bundle" "--bundle=$bundle"; do
		# shellcheck disable=SC2086 # two words are meant
		(cd / && "$ORUN" --root "$state" create $option "$id")
		equals "$(orun state "$id" | jq -r .bundle)" "$bundle"
		orun delete --force "$id"
	done
}

@test "a relative bundle is recorded as an absolute path" {
	(cd "$BATS_TEST_TMPDIR" && "$ORUN" --root "$state" create --bundle bundle "$id")
	equals "$(orun state "$id" | jq -r .bundle)" "$bundle"
	equals "$(orun state "$id" | jq -r .rootfs)" "$bundle/rootfs"
}

@test "options may follow the id" {
	(cd / && "$ORUN" --root "$state" create "$id" --bundle "$bundle")
	equals "$(status_of "$id")" created
}

@test "the pid file holds the digits of init's pid and nothing else" {
	orun create --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	equals "$(od -An -c "$BATS_TEST_TMPDIR/pid" | tr -d ' \n')" "$(pid_of "$id")"
}

@test "the pid file of a failed create is removed" {
	configure ".root.path = \"absent\""
	run -1 orun create --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	[ ! -e "$BATS_TEST_TMPDIR/pid" ]
}

@test "a pid file that cannot be written fails the create and leaves nothing" {
	run -1 orun create --pid-file /proc/nowhere/pid "$id"
	output_has "pid file"
	nothing_left
}

@test "--preserve-fds hands descriptors on, and no more than asked for" {
	echo handed on >"$BATS_TEST_TMPDIR/file"
	script 'cat <&3; [ ! -e /proc/self/fd/4 ] && echo no more'
	run -0 orun run --preserve-fds 1 "$id" 3<"$BATS_TEST_TMPDIR/file" 4</dev/null
	output_has "handed on"
	output_has "no more"
}

@test "descriptors that the caller left open do not reach the program" {
	program /bin/ls /proc/self/fd
	run -0 orun run "$id" 7</dev/null 8</dev/null
	equals "$(echo "$output" | grep -cE '^(7|8)$' || true)" 0
}

@test "LISTEN_FDS hands its descriptors on and tells the program so" {
	script 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3'
	echo socket >"$BATS_TEST_TMPDIR/file"
	LISTEN_FDS=1 run -0 orun run "$id" 3<"$BATS_TEST_TMPDIR/file"
	output_has "1 1"
	output_has socket
}

@test "--no-pivot changes the root without pivot_root" {
	script 'ls /; cat /etc/passwd'
	run -0 orun run --no-pivot "$id"
	output_has root:x:0:0
	output_has proc
}

@test "the container has a session keyring of its own, unless --no-new-keyring is given" {
	[ -e /proc/keys ] || skip "this kernel has no /proc/keys"
	configure '.linux.maskedPaths = []'
	script "grep -c _ses.$id /proc/keys; true"
	# In this order: the key of a container that has ended stays for a while.
	run -0 orun run --no-new-keyring "$id"
	equals "$output" 0
	run -0 orun run "$id"
	equals "$output" 1
}

@test "an id that is taken is refused, and the container that has it is untouched" {
	orun create "$id"
	local pid
	pid=$(pid_of "$id")
	run -1 orun create "$id"
	output_has "container with given ID already exists"
	equals "$(pid_of "$id")" "$pid"
	equals "$(status_of "$id")" created
}

@test "ids are made of letters, digits and _+-." {
	for name in "$id.a" "$id+b" "$id-c" "${id}_D" ".$id"; do
		orun create "$name"
		equals "$(status_of "$name")" created
		orun delete --force "$name"
	done
	for name in a/b .. . 'a b' "a	b" 'a*' 'é' "$(printf 'a%.0s' {1..300})" 'a
b'; do
		run -1 orun create "$name"
		output_has "invalid container ID"
	done
	run -1 orun create ""
	output_has "container id cannot be empty"
}

@test "a bundle without config.json is named, with a hint" {
	rm "$bundle/config.json"
	create_fails "config.json" "no such file or directory" "orun spec"
}

@test "a bundle that is absent or no directory is named" {
	run -1 orun create --bundle /absent/bundle "$id"
	output_has "/absent/bundle"
	output_has "no such file or directory"
	run -1 orun create --bundle /etc/passwd "$id"
	output_has "not a directory"
}

@test "create wants one id" {
	run -1 orun create
	output_has "wants ID"
	run -1 orun create a b
	output_has "wants ID"
}

@test "a terminal without anybody to take it is refused" {
	configure '.process.terminal = true'
	create_fails "process.terminal" "--console-socket"
}

@test "--console-socket without a terminal is refused" {
	run -1 orun create --console-socket /tmp/none "$id"
	output_has "process.terminal"
	nothing_left
}
