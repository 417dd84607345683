#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # variables of jq, and those that make_bundle sets
# config.md: what tests/cli does not already show. The numbers of the table name these tests.
ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)/build/orun}
load ../tests/cli/helpers

setup()
{
	make_bundle
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
}

teardown()
{
	[ -z "${outer:-}" ] || umount --lazy --recursive "$outer"
	remove_containers
}

create() { orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }

# with_tmpfs OPTION…: a tmpfs at /tmp with these options, and nothing else there.
with_tmpfs()
{
	configure --arg options "$*" '.mounts |= map(select(.destination != "/tmp"))
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ($options / " ")}]'
}

# Field 6 of mountinfo is the mount's own options, the last the file system's.
options_of_tmp()
{
	inside "awk '\$5 == \"/tmp\" { print \$6 \",\" \$NF }' /proc/self/mountinfo"
}

@test "options of the file system reach it, and their opposites take them back" {
	local pair
	for pair in sync:async dirsync: lazytime:nolazytime; do
		with_tmpfs "${pair%:*}"
		options_of_tmp
		[[ ,$output, == *,"${pair%:*}",* ]] || { echo "$pair: $output" >&2; false; }
		[ -n "${pair#*:}" ] || continue
		with_tmpfs "${pair%:*}" "${pair#*:}"
		options_of_tmp
		[[ ,$output, != *,"${pair%:*}",* ]] || { echo "$pair: $output" >&2; false; }
	done
}

# A word that reached the tmpfs as one of its own would be refused by it.
@test "options that leave no trace are taken" {
	local option plain
	with_tmpfs defaults
	options_of_tmp
	plain=$output
	for option in iversion noiversion loud silent norelatime nostrictatime; do
		with_tmpfs $option
		options_of_tmp
		equals "$option $output" "$option $plain"
	done
	with_tmpfs no-such-option
	create_fails no-such-option
}

@test "ridmap reaches what is mounted below, idmap does not" {
	local word
	outer=$BATS_TEST_TMPDIR/outer
	mkdir "$outer"
	mount -t tmpfs outer "$outer"
	mkdir "$outer/below"
	mount -t tmpfs below "$outer/below"
	touch "$outer/file" "$outer/below/file"
	chown 7:8 "$outer/file" "$outer/below/file"
	for word in "ridmap 1007:1008 1007:1008" "idmap 1007:1008 7:8"; do
		configure --arg from "$outer" --arg word "${word%% *}" '
			[{containerID: 0, hostID: 1000, size: 1000}] as $map
			| .mounts |= map(select(.destination != "/tmp"))
			| .mounts += [{destination: "/tmp", source: $from, options: ["rbind", $word],
				uidMappings: $map, gidMappings: $map}]'
		inside 'stat -c %u:%g /tmp/file; stat -c %u:%g /tmp/below/file'
		equals "${word%% *} $(xargs <<<"$output")" "$word"
	done
}

@test "consoleSize without a terminal is ignored" {
	configure 'del(.process.terminal) | .process.consoleSize = {height: 11, width: 22}'
	inside '[ -t 0 ] || echo none' </dev/null
	equals "$output" none
	configure '.process.terminal = false'
	inside '[ -t 0 ] || echo none' </dev/null
	equals "$output" none
}

@test "consoleSize has both height and width" {
	local member
	for member in height width; do
		configure '.process.terminal = true | .process.consoleSize = {height: 11, width: 22}'
		configure "del(.process.consoleSize.$member)"
		create_fails "process.consoleSize.$member" required
	done
}

# Hooks -----------------------------------------------------------------------------------------------

# hook KIND PATH: the program gets the kind as its argument.
hook()
{
	configure --arg kind "$1" --arg path "$2" '.hooks[$kind] += [{path: $path, args: [$path, $kind]}]'
}

# hook_script KIND TEXT
hook_script()
{
	configure --arg kind "$1" --arg text "$2" '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $text]}]'
}

# A program that is nowhere but on the host, and one that is nowhere but in the rootfs.
@test "the path of a hook is looked for where the hook runs" {
	local kind here=$BATS_TEST_TMPDIR/only-on-the-host there=/only-in-the-rootfs
	configure '.root.readonly = false'
	printf '#!/bin/sh\necho "$1" >>%s\n' "$log" >"$here"
	printf '#!/bin/sh\necho "$1" >>/tmp/log\n' >"$bundle/rootfs$there"
	chmod 755 "$here" "$bundle/rootfs$there"
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "$here"
	done
	hook startContainer $there
	program /bin/sleep 100
	create
	orun start "$id"
	equals "$(cat "$bundle/rootfs/tmp/log")" startContainer
	orun delete --force "$id"
	equals "$(xargs <"$log")" "prestart createRuntime createContainer poststart poststop"

	for kind in prestart createRuntime createContainer; do
		configure 'del(.hooks)'
		hook $kind $there
		create_fails "$kind hook" "no such file or directory"
	done
	configure 'del(.hooks)'
	hook startContainer "$here"
	create
	run -1 orun start "$id"
	output_has "startContainer hook"
	orun delete --force "$id"
}

# The init's root is still the host's, while the mounts of the configuration are made.
@test "prestart and createRuntime hooks see the environment made and the root not yet changed" {
	local kind pid
	for kind in prestart createRuntime; do
		hook_script $kind "
			pid=\$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')
			[ \$(stat -L -c %d:%i /proc/\$pid/root/) = \$(stat -L -c %d:%i /) ] && echo $kind root >>$log
			grep -q ' $bundle/rootfs/proc ' /proc/\$pid/mountinfo && echo mounts >>$log
			for type in mnt net uts ipc pid; do
				[ \$(readlink /proc/\$pid/ns/\$type) != \$(readlink /proc/self/ns/\$type) ] && echo \$type >>$log
			done"
	done
	create
	equals "$(xargs <"$log")" "prestart root mounts mnt net uts ipc pid createRuntime root mounts mnt net uts ipc pid"
	pid=$(pid_of "$id")
	[ "$(stat -L -c %d:%i "/proc/$pid/root/")" != "$(stat -L -c %d:%i /)" ]
}

@test "poststart hooks find the program executed, and start waits for them" {
	hook_script poststart "
		pid=\$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')
		tr '\\0' ' ' </proc/\$pid/cmdline >>$log
		sleep 0.5
		echo ended >>$log"
	program /bin/sleep 1234
	create
	equals "$(cat "$log")" ""
	orun start "$id"
	equals "$(cat "$log")" "/bin/sleep 1234 ended"
}

@test "poststop hooks find the container deleted, and delete waits for them" {
	hook_script poststop "
		$ORUN --root $state state $id >>$log 2>&1
		find /sys/fs/cgroup -type d -name '*$id*' >>$log
		sleep 0.5
		echo ended >>$log"
	program /bin/true
	orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	wait_for_status "$id" stopped
	orun delete "$id"
	output=$(cat "$log")
	output_has "does not exist"
	equals "${#output}" "$(head -c -1 "$log" | wc -c)"
	equals "$(wc -l <"$log")" 2
	equals "$(tail -n 1 "$log")" ended
}
