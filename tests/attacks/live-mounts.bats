#!/usr/bin/env bats
# The destination of a mount that is added to a running container is swapped meanwhile for a symlink that
# would lead to the host, by a process of the container: CVE-2021-30465 once more, with the attacker
# at home.
load attack

setup()
{
	make_bundle
	make_canary
	command -v cc >/dev/null || skip "swapping fast enough needs a C compiler"
	cat >"$BATS_TEST_TMPDIR/swap.c" <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
int main(void)
{
	for (;;)
		if (renameat2(AT_FDCWD, "/volume/target", AT_FDCWD, "/volume/link", RENAME_EXCHANGE))
			return 1;
}
END
	cc -O2 -static -o "$bundle/rootfs/swap" "$BATS_TEST_TMPDIR/swap.c"
	mkdir -p "$bundle/rootfs/volume/target" "$BATS_TEST_TMPDIR/payload" "$bundle/rootfs$canary"
	echo payload >"$BATS_TEST_TMPDIR/payload/payload"
	ln -s "/../../../../../../../../..$canary" "$bundle/rootfs/volume/link"
	configure '.root.readonly = false'
	program /swap
}

teardown()
{
	remove_containers
	host_untouched
}

start_swapping()
{
	# shellcheck disable=SC2154 # helpers.bash sets them
	timeout 60 "$ORUN" --root "$state" create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	orun start "$id"
}

outside_is_as_before()
{
	[ ! -e "$canary/bound" ] && [ ! -e "$canary/made" ]
	equals "$(host_mounts)" "$mounts_before"
}

# Whether each finds the directory or the link is the race; what counts is what is outside.
add_many()
{
	local added=0 live
	for n in {1..100}; do
		orun mounts add "$id" --source "$BATS_TEST_TMPDIR/payload" --destination "/volume/target/bound/$n" \
			2>/dev/null && added=$((added + 1))
		orun mounts add "$id" --type tmpfs --destination "/volume/target/made/$n" \
			--options ro 2>/dev/null && added=$((added + 1))
		outside_is_as_before
	done
	wait_for_status "$id" running
	live=$(orun mounts list "$id" --format json | jq 'map(select(.live)) | length')
	equals "$live" "$added"
	[ "$added" -gt 0 ]
	for n in {1..50}; do
		orun mounts remove "$id" --destination "/volume/target/bound/$n" --force 2>/dev/null || true  # the swapped one may be in its place
	done
	outside_is_as_before
	echo "# $added of 200 were mounted, all in the container" >&3
}

@test "live mounts: a destination that is swapped leads nowhere outside" {
	start_swapping
	add_many
}

@test "live mounts: the same in a user namespace" {
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chown -R 100000:100000 "$bundle/rootfs"
	configure '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	start_swapping
	add_many
}
