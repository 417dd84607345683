# shellcheck shell=bash
# What the attacks share: canaries on the host, a hostile process in a container, and containers that
# share namespaces with it.
load ../cli/helpers

# A directory of the host that nothing may touch, with a file in it.
make_canary()
{
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	echo untouched >"$canary/file"
	chmod 640 "$canary/file"
	touch -d '2001-02-03 04:05:06' "$canary/file" "$canary"
	canary_before=$(canary_state)
	mounts_before=$(host_mounts)
}

canary_state()
{
	find "$canary" -printf '%p %m %U:%G %T@ %s %l\n' | sort
	cat "$canary/file"
}

# Mounts of the host, without those that come and go with what runs beside this test.
host_mounts()
{
	grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true  # no mount is an answer too
}

host_untouched()
{
	equals "$(canary_state)" "$canary_before"
	equals "$(host_mounts)" "$mounts_before"
}

# The hostile program, in the rootfs as /attacker.
make_attacker()
{
	command -v cc >/dev/null || skip "the hostile program needs a C compiler"
	[ -x "$BATS_FILE_TMPDIR/attacker" ] ||
		cc -D_GNU_SOURCE -O2 -static -o "$BATS_FILE_TMPDIR/attacker" "$BATS_TEST_DIRNAME/attacker.c"
	cp "$BATS_FILE_TMPDIR/attacker" "$bundle/rootfs/attacker"
	mkdir -p "$BATS_TEST_TMPDIR/out"
	chmod 777 "$BATS_TEST_TMPDIR/out"
}

# attack WHAT [ARGUMENT]: starts it with the present configuration; its counts appear in attack_result.
attack()
{
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --arg out "$BATS_TEST_TMPDIR/out" '.root.readonly = false
		| .mounts += [{destination: "/out", type: "bind", source: $out, options: ["rbind"]}]'
	program /attacker "$@"
	orun create "$id"
	orun start "$id"
	attacker_pid=$(pid_of "$id")
	wait_for 5 test -s "$BATS_TEST_TMPDIR/out/seen"
}

# The file is empty for a moment whenever it is written anew.
attack_result()
{
	local count=
	until [ -n "$count" ]; do
		count=$(cat "$BATS_TEST_TMPDIR/out/$1")
	done
	echo "$count"
}

# share_namespaces TYPE…: of the attacker, in the present configuration.
share_namespaces()
{
	local type file
	for type; do
		file=$type
		[ "$type" != mount ] || file=mnt
		[ "$type" != network ] || file=net
		# shellcheck disable=SC2016 # variables of jq, not of the shell
		configure --arg type "$type" --arg path "/proc/$attacker_pid/ns/$file" \
			'.linux.namespaces |= map(select(.type != $type)) + [{type: $type, path: $path}]'
	done
}

# The words of $output, one space between them.
output_words()
{
	# shellcheck disable=SC2154 # bats sets it
	xargs <<<"$output"
}
