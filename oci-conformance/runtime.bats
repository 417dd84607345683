#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # variables of jq, and those that make_bundle sets
# runtime.md: what tests/cli does not already show. The numbers of the table name these tests.
ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)/build/orun}
load ../tests/cli/helpers

setup() { make_bundle; }
teardown() { remove_containers; }

create() { orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1; }

# state_is STATUS: the state now, against schema/state-schema.json and the rules of runtime.md, State.
state_is()
{
	orun state "$id" >"$BATS_TEST_TMPDIR/state.json"
	jq -e --arg id "$id" --arg status "$1" --arg bundle "$bundle" '
		(.ociVersion | type == "string" and test("^[0-9]+[.][0-9]+[.][0-9]+"))
		and .id == $id and .status == $status
		and .bundle == $bundle and (.bundle | startswith("/"))
		and (.pid | type == "number" and . >= 0 and . == floor)
		and (.status == "stopped" or .pid > 0)
		and (.annotations | type == "object" and all(.[]; type == "string"))
	' "$BATS_TEST_TMPDIR/state.json" >/dev/null || {
		cat "$BATS_TEST_TMPDIR/state.json" >&2
		return 1
	}
}

@test "the state has the members and types of the schema, in every status" {
	configure '.annotations = {"org.example.a": "b"}'
	create
	state_is created
	orun start "$id"
	state_is running
	wait_for 5 grep -q "SigCgt:.*4" "/proc/$(pid_of "$id")/status"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	state_is stopped
}

@test "a status beyond those of the specification is a state beyond them" {
	create
	orun start "$id"
	orun pause "$id"
	equals "$(status_of "$id")" paused
	orun resume "$id"
	equals "$(status_of "$id")" running
}

@test "no operation goes without an id" {
	local operation
	create
	for operation in state create start kill delete; do
		run -1 orun $operation
		equals "$(status_of "$id")" created
	done
	equals "$(orun list --quiet)" "$id"
}

@test "an id that is not valid makes no container" {
	local name
	for name in '' . .. a/b ../a 'a b' 'a:b' "$(printf 'x%.0s' {1..300})"; do
		run -1 orun create -- "$name"
		equals "$(orun list --quiet)" ""
	done
	nothing_left
}

@test "a warning leaves the outcome as it is" {
	configure '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	program /bin/sh -c 'exit 17'
	run -17 orun run "$id"
	output_has CAP_NO_SUCH
}

# The host looks into the created container.
@test "what is not of the process is applied by create" {
	local pid
	configure '.hostname = "conformance" | .linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .linux.maskedPaths = ["/proc/version"] | .root.readonly = true'
	create
	pid=$(pid_of "$id")
	equals "$(nsenter --target "$pid" --uts hostname)" conformance
	equals "$(nsenter --target "$pid" --net sysctl -n net.ipv4.ip_forward)" 1
	grep -q ' /proc/version ' "/proc/$pid/mountinfo"
	equals "$(awk '$5 == "/" { print substr($6, 1, 2) }' "/proc/$pid/mountinfo")" ro
	[ "$(namespace_of "$pid" net)" != "$(namespace_of self net)" ]
}
