#!/usr/bin/env bats
# hooks: when each kind runs, where, with what, and what its failure means.
load helpers

setup()
{
	make_bundle
	configure '.root.readonly = false'
	cp "$bundle/rootfs/bin/busybox" "$BATS_TEST_TMPDIR/busybox"
	log=$BATS_TEST_TMPDIR/hooks.log
	: >"$log"
}
teardown() { remove_containers; }

# hook KIND SCRIPT [MEMBERS]: adds one hook that runs the shell script; MEMBERS is JSON for more of it.
hook()
{
	local shell=/bin/sh
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	configure --arg kind "$1" --arg text "$2" --arg shell $shell --argjson more "${3:-{\}}" \
		'.hooks[$kind] += [{path: $shell, args: ["sh", "-c", $text]} + $more]'
}

all_kinds="prestart createRuntime createContainer startContainer poststart poststop"

@test "every kind runs, in the order of the specification" {
	# What runs inside writes to the rootfs: the host's files are out of its sight.
	for kind in prestart createRuntime poststart poststop; do hook $kind "echo $kind >>$log"; done
	hook createContainer "echo createContainer >>$log"
	hook startContainer "echo startContainer >>/tmp/log"
	script 'echo program >>/tmp/log; sleep 100'
	orun create "$id"
	equals "$(xargs <"$log")" "prestart createRuntime createContainer"
	[ ! -e "$bundle/rootfs/tmp/log" ]
	orun start "$id"
	equals "$(xargs <"$log")" "prestart createRuntime createContainer poststart"
	wait_for 5 grep -q program "$bundle/rootfs/tmp/log"
	equals "$(xargs <"$bundle/rootfs/tmp/log")" "startContainer program"
	orun delete --force "$id"
	equals "$(xargs <"$log")" "prestart createRuntime createContainer poststart poststop"
}

@test "hooks of one kind run in the order listed" {
	for n in 1 2 3 4 5; do hook createRuntime "echo $n >>$log"; done
	orun create "$id"
	equals "$(xargs <"$log")" "1 2 3 4 5"
}

@test "each gets the state on its stdin, with the right status" {
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "cat >$BATS_TEST_TMPDIR/$kind.json"
	done
	hook startContainer 'cat >/tmp/startContainer.json'
	configure '.annotations = {a: "b"}'
	orun create "$id"
	orun start "$id"
	local pid
	pid=$(pid_of "$id")
	cp "$bundle/rootfs/tmp/startContainer.json" "$BATS_TEST_TMPDIR/"
	orun delete --force "$id"
	for kind in $all_kinds; do
		local file=$BATS_TEST_TMPDIR/$kind.json
		equals "$(jq -r '.id + " " + .bundle + " " + .ociVersion + " " + .annotations.a' "$file")" \
			"$id $bundle 1.3.0 b"
	done
	for kind in prestart createRuntime; do
		equals "$(jq .pid "$BATS_TEST_TMPDIR/$kind.json")" "$pid"
	done
	equals "$(jq .pid "$BATS_TEST_TMPDIR/poststart.json")" "$pid"
	for pair in prestart:creat createRuntime:creat createContainer:creat startContainer:created \
		poststart:running poststop:stopped; do
		[[ $(jq -r .status "$BATS_TEST_TMPDIR/${pair%:*}.json") == "${pair#*:}"* ]] ||
			{ jq . "$BATS_TEST_TMPDIR/${pair%:*}.json" >&2; false; }
	done
}

@test "they run in the namespaces that the specification says" {
	for kind in prestart createRuntime poststart poststop; do
		hook $kind "readlink /proc/self/ns/mnt /proc/self/ns/net /proc/self/ns/uts >$BATS_TEST_TMPDIR/$kind"
	done
	hook createContainer "readlink /proc/self/ns/mnt /proc/self/ns/net /proc/self/ns/uts >$BATS_TEST_TMPDIR/createContainer"
	hook startContainer 'for n in mnt net uts; do readlink /proc/self/ns/$n; done >/tmp/startContainer'
	orun create "$id"
	orun start "$id"
	local pid inside outside
	pid=$(pid_of "$id")
	inside=$(for n in mnt net uts; do namespace_of "$pid" $n; done)
	outside=$(for n in mnt net uts; do namespace_of self $n; done)
	orun delete --force "$id"
	for kind in prestart createRuntime poststart poststop; do
		equals "$(cat "$BATS_TEST_TMPDIR/$kind")" "$outside"
	done
	equals "$(cat "$BATS_TEST_TMPDIR/createContainer")" "$inside"
	equals "$(cat "$bundle/rootfs/tmp/startContainer")" "$inside"
}

@test "createContainer hooks see the host's files and the container's mounts, before the root changes" {
	hook createContainer "grep -q '$bundle/rootfs/proc ' /proc/self/mountinfo && echo mounted >>$log; [ -e $bundle/config.json ] && echo host >>$log"
	orun create "$id"
	equals "$(xargs <"$log")" "mounted host"
}

@test "prestart and createRuntime hooks run after the namespaces are made" {
	hook prestart "pid=\$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); readlink /proc/\$pid/ns/net >>$log"
	orun create "$id"
	equals "$(cat "$log")" "$(namespace_of "$(pid_of "$id")" net)"
}

@test "the environment is exactly the hook's" {
	configure --arg file "$BATS_TEST_TMPDIR/env" '.hooks.createRuntime = [
		{path: "/usr/bin/env", args: ["env", "-u", "NONE", "sh", "-c", "/usr/bin/tr \\\\0 \\\\n </proc/$PPID/environ; /usr/bin/env >\"$0\"", $file],
		 env: ["ONE=1", "PATH=/usr/bin:/bin", "TWO=a b"]}]'
	LEAK=1 orun create "$id"
	equals "$(grep -vE '^(PWD|SHLVL|_|OLDPWD)=' "$BATS_TEST_TMPDIR/env" | sort | xargs)" "ONE=1 PATH=/usr/bin:/bin TWO=a b"
}

@test "a hook without env has an empty environment" {
	configure --arg file "$log" '.hooks.createRuntime = [
		{path: "/bin/sh", args: ["sh", "-c", "/usr/bin/wc -c </proc/$$/environ >\"$0\"", $file]}]'
	LEAK=1 orun create "$id"
	equals "$(cat "$log")" 0
}

@test "the arguments are the hook's, and without args it is the path" {
	printf '#!/bin/sh\necho "$0 $#" >>%s\n' "$log" >"$BATS_TEST_TMPDIR/hook"
	chmod 755 "$BATS_TEST_TMPDIR/hook"
	configure --arg path "$BATS_TEST_TMPDIR/hook" '.hooks.createRuntime = [
		{path: $path}, {path: $path, args: ["x", "1", "2"]}]'
	orun create "$id"
	equals "$(cat "$log")" "$BATS_TEST_TMPDIR/hook 0"$'\n'"$BATS_TEST_TMPDIR/hook 2"
}

@test "a hook that does not read its stdin is no problem" {
	hook createRuntime 'exec </dev/null; exit 0'
	configure --arg long "$(head -c 100000 /dev/zero | tr '\0' x)" '.annotations = {long: $long}'
	orun create "$id"
}

@test "a failing prestart, createRuntime or createContainer hook fails the create" {
	for kind in prestart createRuntime createContainer; do
		configure 'del(.hooks)'
		hook $kind 'echo the reason >&2; exit 7'
		hook poststop "echo $kind-poststop >>$log"
		create_fails "$kind hook 0" "status 7" "the reason"
	done
}

@test "the hooks after one that fails do not run" {
	hook createRuntime "echo 1 >>$log"
	hook createRuntime "exit 1"
	hook createRuntime "echo 3 >>$log"
	hook createContainer "echo 4 >>$log"
	create_fails "createRuntime hook 1"
	equals "$(cat "$log")" 1
}

@test "a failing startContainer hook fails the start, and the program does not run" {
	hook startContainer 'echo why >&2; exit 3'
	script 'touch /tmp/ran; sleep 100'
	orun create "$id"
	run -1 orun start "$id"
	output_has "startContainer hook 0"
	output_has "status 3"
	wait_for_status "$id" stopped
	[ ! -e "$bundle/rootfs/tmp/ran" ]
	orun delete "$id"
	nothing_left
}

@test "a failing poststart hook fails the start and stops the container" {
	hook poststart 'exit 5'
	orun create "$id"
	run -1 orun start "$id"
	output_has "poststart hook 0"
	wait_for_status "$id" stopped
}

@test "a failing poststop hook is a warning: the others run, the container is deleted" {
	hook poststop "exit 1"
	hook poststop "echo second >>$log"
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	run -0 orun delete "$id"
	output_has "warning"
	output_has "poststop hook"
	equals "$(cat "$log")" second
	nothing_left
}

@test "a hook that exceeds its timeout is killed" {
	hook createRuntime "echo \$\$ >>$log; exec sleep 1000" '{"timeout": 1}'
	local start=$SECONDS
	create_fails "createRuntime hook 0" "timed out after 1 s"
	[ $((SECONDS - start)) -lt 5 ]
	run -1 kill -0 "$(cat "$log")"
}

@test "a hook that ends in time is not hurt by its timeout" {
	hook createRuntime "sleep 0.1; echo done >>$log" '{"timeout": 5}'
	orun create "$id"
	equals "$(cat "$log")" done
}

@test "a hook that dies of a signal or is absent is a failure" {
	hook createRuntime 'kill -9 $$'
	create_fails "createRuntime hook 0" "signal 9"
	configure '.hooks = {createRuntime: [{path: "/absent/hook"}]}'
	create_fails "/absent/hook" "no such file or directory"
}

@test "a relative path, an empty path and a timeout of 0 or less are refused" {
	configure '.hooks = {prestart: [{path: "bin/sh"}]}'
	create_fails prestart path
	configure '.hooks = {prestart: [{path: ""}]}'
	create_fails prestart
	configure '.hooks = {prestart: [{path: "/bin/true", timeout: 0}]}'
	create_fails timeout
	configure '.hooks = {prestart: [{path: "/bin/true", timeout: -1}]}'
	create_fails timeout
}

@test "hooks come from the configuration that create read" {
	hook poststop "echo old >>$log"
	program /bin/true
	orun run --detach "$id"
	configure 'del(.hooks)'
	hook poststop "echo new >>$log"
	wait_for_status "$id" stopped
	orun delete "$id"
	equals "$(cat "$log")" old
}
