#!/usr/bin/env bats
# orun for users who are not root: with a user namespace of the container's own, and as root of one that an
# engine has made. Where the kernel gives them no control groups; systemd.bats has scopes.
load helpers

setup()
{
	make_bundle
	runtime_directory=$BATS_TEST_TMPDIR/run
	mkdir "$runtime_directory"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	user=12345
}

teardown()
{
	if [ -d "$runtime_directory/orun/$id" ]; then
		as_user delete --force "$id" || true  # what stays is found by remove_containers
	fi
	remove_containers
}

# A copy, since the build may be where others may not look.
as_user()
{
	cp -u "$ORUN" "$BATS_TEST_TMPDIR/orun"
	chown -R $user:$user "$bundle" "$runtime_directory"
	(cd "$bundle" && exec timeout 60 setpriv --reuid $user --regid $user --clear-groups \
		env HOME=/ USER=someone XDG_RUNTIME_DIR="$runtime_directory" "$BATS_TEST_TMPDIR/orun" "$@")
}

rootless_config()
{
	rm "$bundle/config.json"
	as_user spec --rootless 2>/dev/null || as_user spec
	configure '.process.terminal = false | .process.args = ["/bin/sleep", "100"]'
}

# As an engine for users runs us: root of a user namespace.
as_namespace_root()
{
	(cd "$bundle" && exec timeout 60 setpriv --reuid $user --regid $user --clear-groups \
		unshare --user --map-root-user --mount --propagation slave \
		env HOME=/ USER=someone XDG_RUNTIME_DIR="$runtime_directory" "$BATS_TEST_TMPDIR/orun" "$@")
}

@test "a user creates, starts, enters, lists, stops and deletes a container" {
	rootless_config
	as_user create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || { cat "$BATS_TEST_TMPDIR/said" >&2; false; }
	[ -d "$runtime_directory/orun/$id" ]
	as_user start "$id"
	equals "$(as_user state "$id" | jq -r .status)" running
	run as_user exec "$id" id -u
	equals "$output" 0
	as_user list | grep -q "$id"
	as_user kill "$id" KILL
	wait_for 10 eval '[ "$(as_user state "$id" | jq -r .status)" = stopped ]'
	as_user delete "$id"
	[ ! -e "$runtime_directory/orun/$id" ]
}

@test "what the container's root is outside is the user" {
	rootless_config
	configure '.process.args = ["/bin/cat", "/proc/self/uid_map"]'
	run as_user run "$id"
	equals "$status" 0
	equals "$(awk '{ print $1, $2, $3 }' <<<"$output")" "0 $user 1"
}

@test "a limit that the user has no group for is an error" {
	[ ! -w /sys/fs/cgroup/cgroup.procs ] || [ -d /sys/fs/cgroup/pids ] || skip "this looks at cgroup v1"
	rootless_config
	configure '.linux.resources = {pids: {limit: 20}}'
	run as_user run "$id"
	equals "$status" 1
	output_has "linux.resources.pids.limit: container could not join or create cgroup"
}

@test "--rootless false: not to have a group is an error too" {
	rootless_config
	run as_user --rootless false run "$id"
	equals "$status" 1
	output_has "control group: mkdir"
	output_has "permission denied"
}

@test "commands that need a group say that there is none" {
	rootless_config
	as_user run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	run as_user pause "$id"
	equals "$status" 1
	output_has "has no control group"
	run as_user kill --all "$id" TERM
	equals "$status" 1
	output_has "has no control group"
}

@test "root of a user namespace makes a container that has none of its own" {
	rootless_config
	configure '.process.args = ["/bin/sh", "-c", "id -u; echo x >/dev/null && ls -l /dev/null"]
		| .linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)
		| .root.readonly = false'
	chown -R $user:$user "$bundle" "$runtime_directory"
	run as_namespace_root run "$id"
	equals "$status" 0
	output_has "1,   3"
	# Its records are the user's, not those of /run, which is root's.
	[ -d "$runtime_directory/orun" ]
}
