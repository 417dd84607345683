#!/usr/bin/env bats
# How little memory a container may be given: what the runtime needs for itself is not the container's to
# pay.
load helpers

setup()
{
	make_bundle
	# The oldest version that all runtimes know.
	configure '.ociVersion = "1.0.2" | .process.args = ["/bin/true"]'
	page=$(getconf PAGESIZE)
}

teardown()
{
	remove_containers
}

# runs_under BYTES RUNTIME…: whether the container ends well under that limit.
runs_under()
{
	local limit=$1
	shift
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	configure --argjson limit "$limit" '.linux.resources.memory.limit = $limit'
	(cd "$bundle" && exec timeout 20 "$@" run "$id") </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 &&
		return 0
	(cd "$bundle" && exec timeout 20 "$@" delete --force "$id") </dev/null >/dev/null 2>&1 || true  # most leave nothing
	return 1
}

# smallest RUNTIME…: the smallest limit under which it runs, in bytes, within a page. Fails when it runs
# under no limit at all.
smallest()
{
	local low=0 high=$((64 * 1024 * 1024 / page)) middle
	runs_under $((high * page)) "$@" || return 1
	while ((high - low > 1)); do
		middle=$(((low + high) / 2))
		if runs_under $((middle * page)) "$@"; then
			high=$middle
		else
			low=$middle
		fi
	done
	echo $((high * page))
}

@test "a container runs under a limit that holds little more than its program" {
	local ours
	ours=$(smallest "$ORUN" --root "$state")
	echo "orun: $ours bytes" >&3
	((ours <= 1024 * 1024))
}

@test "no other runtime gets by with less" {
	local ours theirs
	need_runc
	ours=$(smallest "$ORUN" --root "$state")
	theirs=$(smallest runc --root "$BATS_TEST_TMPDIR/runc")
	echo "orun: $ours bytes, runc: $theirs bytes" >&3
	((ours <= theirs))
	# crun refuses hybrid hierarchies: there it has no figure.
	if command -v crun >/dev/null && theirs=$(smallest crun --root "$BATS_TEST_TMPDIR/crun"); then
		echo "crun: $theirs bytes" >&3
		((ours <= theirs))
	fi
}

@test "a program that needs more than its limit is killed, not its creation" {
	configure '.linux.resources.memory.limit = 16384'
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	equals "$(status_of "$id")" created
	run orun start "$id"
	wait_for_status "$id" stopped
}
