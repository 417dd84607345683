# shellcheck shell=bash
# What the bats files share. Each test gets a root for state of its own and an id that no other test
# has, so that files can be run alone, again and beside each other.
#
#   load helpers                  (tests/attacks: load ../cli/helpers)
#   setup()    { make_bundle; }
#   teardown() { remove_containers; }
#
#   @test "a stopped container can be deleted" {
#       configure '.process.args = ["/bin/true"]'
#       orun run "$id"
#       …
#   }
#
# Variables: ORUN the program; state its --root; bundle the bundle; id a container's name.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/assertions.bash
source "${BASH_SOURCE[0]%/*}/../assertions.bash"

ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/orun}

# orun with this test's --root; inside the bundle, so that commands need no --bundle.
orun()
{
	(cd "$bundle" && exec "$ORUN" --root "$state" "$@")
}

# A bundle whose root file system is busybox, with the default configuration but for the terminal, and
# a program that lives until it gets SIGTERM. The id is in every cgroup path this test makes.
make_bundle()
{
	local applet

	[ -x "$ORUN" ] || {
		echo "there is no program $ORUN; run ./bootstrap build" >&2
		return 1
	}
	[ "$(id -u)" -eq 0 ] || skip "making a container needs root"
	state=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	id=test-$$-$BATS_SUITE_TEST_NUMBER
	mkdir -p "$bundle"/rootfs/{bin,dev,etc,proc,root,sys,tmp}
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	for applet in awk sh cat cut echo env false grep hostname id kill ls mkdir mount nproc ps pwd readlink sed seq sort head \
		rm sleep stat stty test touch true tty umask uname unshare wc; do
		ln -s busybox "$bundle/rootfs/bin/$applet"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$bundle/rootfs/etc/passwd"
	echo root:x:0: >"$bundle/rootfs/etc/group"
	orun spec
	configure '.process.terminal = false
		| .process.args = ["/bin/sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 0.05; done"]'
}

# configure [JQ-OPTION…] JQ-FILTER: changes config.json.
configure()
{
	jq "$@" <"$bundle/config.json" >"$bundle/config.json.new"
	mv "$bundle/config.json.new" "$bundle/config.json"
}

# program WORD…: what the container runs.
program()
{
	local word words

	# jq would take a word such as -c for an option of its own, but not as the value of --arg.
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	words=$(for word; do jq -n --arg word "$word" '$word'; done | jq -s .)
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --argjson words "$words" '.process.args = $words'
}

# script TEXT: a shell script as the container's program.
script()
{
	program /bin/sh -c "$1"
}

status_of()
{
	orun state "$1" | jq -r .status
}

pid_of()
{
	orun state "$1" | jq -r .pid
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for()
{
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		if ((SECONDS >= end)); then
			echo "did not come true in time: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

has_status()
{
	[ "$(status_of "$1")" = "$2" ]
}

# wait_for_status ID STATUS
wait_for_status()
{
	wait_for 10 has_status "$1" "$2" || {
		echo "status of $1: $(status_of "$1")" >&2
		return 1
	}
}

# Names of all groups on this host that hold the word.
cgroups_named()
{
	find /sys/fs/cgroup -type d -name "*$1*" 2>/dev/null || true  # groups of others vanish meanwhile
}

# Takes away what a test made, and fails the test if something of it stays: that is a bug of delete.
remove_containers()
{
	local container left

	[ -n "${state:-}" ] && [ -d "$state" ] || return 0
	for container in "$state"/*/; do
		[ -d "$container" ] || continue
		# A name with a colon is no id: what orun keeps for itself.
		[[ $container != *:* ]] || continue
		orun delete --force "$(basename "$container")" || true  # what stays is found below
	done
	left=$(cgroups_named "$id")
	equals "$left" ""
	left=$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)
	equals "$left" ""
}

# inside TEXT: runs the shell script in a container of its own to its end; its output is in $output.
inside()
{
	script "$1"
	run orun run "$id"
	# shellcheck disable=SC2154 # bats sets it
	[ "$status" -eq 0 ] || {
		printf 'status %s: %s\n' "$status" "$output" >&2
		return 1
	}
}

# The same bundle under runc, with an id and a state root of its own: runc_run [OPTION…]
# shellcheck disable=SC2120 # some callers have options, some have none
runc_run()
{
	(cd "$bundle" && exec runc --root "$BATS_TEST_TMPDIR/runc" run "$@" "$id-runc")
}

need_runc()
{
	command -v runc >/dev/null || skip "runc is not installed, there is nothing to compare with"
}

# The script must say the same under orun and under runc.
same_as_runc()
{
	local ours
	need_runc
	inside "$1" 2>/dev/null
	# Not the warnings, which each words for itself.
	ours=$(orun run "$id" 2>/dev/null)
	# shellcheck disable=SC2119
	output=$(runc_run 2>/dev/null)
	equals "$ours" "$output"
}

# No record, group, mount or process of this test may be there.
nothing_left()
{
	local left
	left=$(find "$state" -mindepth 1 -maxdepth 1 ! -name '*:*' 2>/dev/null || true)
	equals "$left" ""
	equals "$(cgroups_named "$id")" ""
	left=$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)
	equals "$left" ""
	left=$(grep -lsF "$bundle/rootfs" /proc/[0-9]*/mountinfo 2>/dev/null || true)
	equals "$left" ""
}

# create_fails STATUS-TEXT…: `orun create` must fail with status 1, say each text, and leave nothing.
create_fails()
{
	local text
	status=0
	# Not by `run`: the program of a create that succeeds would keep its pipe open.
	orun create "$id" >"$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/said")
	equals "$status" 1
	for text; do
		output_has "$text"
	done
	nothing_left
}

# add_mount JSON: one more mount.
add_mount()
{
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --argjson mount "$1" '.mounts += [$mount]'
}

without_namespace()
{
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg type "$1" '.linux.namespaces |= map(select(.type != $type))'
}

namespace_of()
{
	readlink "/proc/$1/ns/$2"
}

# A container of the bundle with cgroup v2 alone, on a private mount of it: runs the shell script, in which
# `orun` has this test's --root and $id runs. Its output is in $output.
with_v2_alone()
{
	cat >"$BATS_TEST_TMPDIR/with-v2" <<'TEXT'
set -e
awk '$2 ~ "^/sys/fs/cgroup" { print $2 }' /proc/mounts | sort -r | while read -r at; do umount -l "$at"; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "$bundle"
orun() { "$ORUN" --root "$state" "$@"; }
orun run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || { cat "$BATS_TEST_TMPDIR/said"; exit 1; }
TEXT
	# shellcheck disable=SC2016 # variables of that shell
	printf '%s\n' "$1" 'orun delete --force "$id"' >>"$BATS_TEST_TMPDIR/with-v2"
	export ORUN state bundle id BATS_TEST_TMPDIR
	run -0 unshare --mount --propagation private bash "$BATS_TEST_TMPDIR/with-v2"
}

# shellcheck disable=SC2034 # they are for the next file
program=$ORUN manual=8 sources=runtime/man
# shellcheck source=tests/cli/program.bash
source "$(dirname "${BASH_SOURCE[0]}")/program.bash"
