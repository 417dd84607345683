#!/usr/bin/env bats
# shellcheck disable=SC2016 # the tests of the suite are written here and expanded there
# oci-conformance/run itself, with a made-up suite of shell scripts: one that passes, one for each way to
# fail, and those that leave something behind.
bats_require_minimum_version 1.5.0

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "the runner needs root"
	export RUNTIME_TOOLS=$BATS_TEST_TMPDIR/suite RUNTIME=$BATS_TEST_TMPDIR/fakerun
	export EXPECTED=$BATS_TEST_TMPDIR/expected TIME_LIMIT=20 TMPDIR=$BATS_TEST_TMPDIR
	mkdir -p "$RUNTIME_TOOLS/validation"
	printf '#!/bin/sh\n' >"$RUNTIME"
	chmod 755 "$RUNTIME"
	: >"$EXPECTED"
	before=$(groups_of_host)
}

teardown()
{
	[ -z "${before:-}" ] || [ "$before" = "$(groups_of_host)" ]
}

# Those of the runner and those that the tests below try to make; not what other programs do meanwhile.
groups_of_host()
{
	find /sys/fs/cgroup -type d \( -name 'oci-conformance-*' -o -name 'made-by-a-test*' \) 2>/dev/null | sort
}

# test_program NAME TEXT: a test of the suite.
test_program()
{
	mkdir -p "$RUNTIME_TOOLS/validation/$1"
	printf '#!/bin/bash\n%s\n' "$2" >"$RUNTIME_TOOLS/validation/$1/$1.t"
	chmod 755 "$RUNTIME_TOOLS/validation/$1/$1.t"
}

# expect TEST VERDICT [CONDITION [REASON]]
expect()
{
	printf 'fakerun\t%s\t%s\t%s\t%s\n' "$1" "$2" "${3:--}" "${4:-}" >>"$EXPECTED"
}

# conformance STATUS [TEST…]: the runner must end so; its output is in $output.
conformance()
{
	local wanted=$1
	shift
	run "$BATS_TEST_DIRNAME/run" "$@"
	[ "$status" -eq "$wanted" ] || {
		printf 'status %s, expected %s:\n%s\n' "$status" "$wanted" "$output" >&2
		return 1
	}
}

says()
{
	grep -qE "$1" <<<"$output" || {
		printf 'expected: %s\nin: %s\n' "$1" "$output" >&2
		return 1
	}
}

running() { grep -qsz "^$1" /proc/[0-9]*/cmdline; }

@test "without a suite it says so and ends with 77" {
	unset RUNTIME_TOOLS
	conformance 77
	says 'RUNTIME_TOOLS'
}

@test "a folder without a built suite, an absent runtime and an absent test are errors" {
	conformance 2
	says 'holds no built suite'
	test_program good 'echo "ok 1"; echo 1..1'
	conformance 2 other
	says 'no test other'
	RUNTIME=/absent/runtime conformance 2
	says 'no runtime /absent/runtime'
}

@test "passes are counted, with their assertions" {
	test_program one 'echo "TAP version 13"; echo "ok 1 - a"; echo "ok 2 # SKIP b"; echo "ok 3 - c"; echo 1..3'
	test_program two 'exit 0'
	conformance 0
	says '^pass one +2 assertions$'
	says '^pass two +says so by its exit status alone$'
	says '^fakerun: 2 passed, 0 failed, 0 skipped$'
}

@test "every way to fail is a failure with its reason" {
	test_program a-not-ok 'echo "ok 1"; echo "not ok 2 - it broke"; echo 1..2'
	test_program b-status 'echo "ok 1"; echo 1..1; echo "the last words" >&2; exit 3'
	test_program c-plan 'echo 1..3; echo "ok 1"'
	test_program d-no-plan 'echo "ok 1"'
	test_program e-bail 'echo "Bail out! no hope"'
	test_program f-dies 'echo "ok 1"; kill -KILL $$'
	conformance 1
	says '^fail a-not-ok +1 of 2: not ok 2 - it broke$'
	says '^fail b-status +ended with status 3: the last words$'
	says '^fail c-plan +planned 3 results, had 1$'
	says '^fail d-no-plan +had 1 results and no plan$'
	says '^fail e-bail +1 of 0: Bail out! no hope$'
	says '^fail f-dies +ended with status 137: '
	says '^fakerun: 0 passed, 6 failed, 0 skipped$'
}

@test "a test that hangs is ended" {
	test_program hangs 'echo "ok 1"; echo 1..1; sleep 1000'
	TIME_LIMIT=1 conformance 1
	says '^fail hangs +did not end within 1 seconds$'
}

@test "a test that asserts nothing is skipped, with what it says" {
	test_program nothing 'echo "TAP version 13"; echo "    \"error\": \"but this\""; echo 1..0'
	test_program skipped 'echo "ok 1 # SKIP not on this system"; echo 1..1'
	conformance 0
	says '^skip nothing +asserts nothing; "but this"$'
	says '^skip skipped +asserts nothing; ok 1 # SKIP not on this system$'
	says '^fakerun: 0 passed, 0 failed, 2 skipped$'
}

@test "a test gets the runtime's path, the suite's folder and folders of its own" {
	test_program env 'set -e
		[ "$RUNTIME" = '"$RUNTIME"' ]
		[ -x validation/env/env.t ]
		touch /run/made-by-a-test "$TMPDIR/made-by-a-test"
		echo "ok 1"; echo 1..1'
	cd /
	conformance 0
	[ ! -e /run/made-by-a-test ]
	[ -z "$(find "$BATS_TEST_TMPDIR" -name made-by-a-test)" ]
}

@test "a runtime is found in PATH" {
	test_program good '[ "$RUNTIME" = '"$RUNTIME"' ] && echo "ok 1" && echo 1..1'
	PATH=$BATS_TEST_TMPDIR:$PATH RUNTIME=fakerun conformance 0
}

@test "processes that a test leaves behind are ended" {
	test_program leaves 'setsid sleep 4321.$((1000 + RANDOM % 1000)) & disown
		echo "ok 1"; echo 1..1'
	conformance 0
	run running '4321\.1'
	[ "$status" -ne 0 ]
}

@test "control groups that a test leaves behind are removed, with the processes in them" {
	test_program leaves 'for hierarchy in $(awk "{ for (i = 7; \$i != \"-\"; i++); if (\$(i + 1) ~ /^cgroup/) print \$5 }" /proc/self/mountinfo); do
			mkdir -p "$hierarchy/made-by-a-test/below" || exit 1
			[[ $hierarchy == *cpuset* ]] || {
				sleep 1000 &
				echo $! >"$hierarchy/made-by-a-test/below/cgroup.procs" || exit 1
			}
		done
		echo "ok 1"; echo 1..1; kill -KILL 1'
	conformance 0
}

@test "a runner that is ended takes its test along" {
	local runner
	test_program waits 'sleep 4322.1'
	"$BATS_TEST_DIRNAME/run" >"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null 3>&- &
	runner=$!
	for ((tries = 0; tries < 100; tries++)); do
		running '4322\.1' && break
		sleep 0.05
	done
	running '4322\.1'
	kill "$runner"
	status=0
	wait "$runner" || status=$?
	[ "$status" -ne 0 ]
	run running '4322\.1'
	[ "$status" -ne 0 ]
	[ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'oci-conformance.*')" ]
}

@test "the group that a test takes for the root is not the host's" {
	test_program root 'grep -vqE ":/(caller)?$" /proc/self/cgroup && { cat /proc/self/cgroup; exit 1; }
		[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "oci-conformance-*")" ] || exit 1
		echo "ok 1"; echo 1..1'
	conformance 0
}

@test "cgroup2 can be hidden" {
	grep -q ' - cgroup ' /proc/self/mountinfo || skip "there is no cgroup v1 here"
	test_program hidden 'grep -q " - cgroup2 " /proc/self/mountinfo && exit 1
		echo "ok 1"; echo 1..1'
	CGROUP2=hide conformance 0
}

@test "what is expected is a success, whatever it is" {
	test_program good 'echo "ok 1"; echo 1..1'
	test_program bad 'echo "not ok 1"; echo 1..1'
	test_program void 'echo 1..0'
	expect good pass
	expect bad fail - "it is wrong"
	expect void asserts-nothing - "it is empty"
	conformance 0
	says 'as expected: it is wrong'
	says 'as expected: it is empty'
	says '^fakerun: 1 passed, 1 failed, 1 skipped$'
}

@test "a test that passes at last may fail twice, and no more" {
	test_program racy 'echo again >>runs; [ $(wc -l <runs) -gt 2 ] && echo "ok 1" || echo "not ok 1 - too early"; echo 1..1'
	expect racy pass-at-last - "it is a race"
	conformance 0
	says '^pass racy '
	says 'as expected: it is a race'
	says '^fakerun: 1 passed, 0 failed, 0 skipped$'
	test_program racy 'echo "not ok 1 - never"; echo 1..1'
	conformance 1
	says '^fail racy '
	says 'UNEXPECTED: expected was pass-at-last, as it is a race'
}

@test "an unexpected failure and an unexpected pass are told" {
	test_program good 'echo "ok 1"; echo 1..1'
	test_program bad 'echo "not ok 1"; echo 1..1'
	expect good fail - "it cannot"
	expect bad pass
	conformance 1
	says 'UNEXPECTED: expected was fail, as it cannot'
	says 'UNEXPECTED: expected was pass'
	says '^unexpected: bad good$'
}

@test "a test without a row, and a row without a test, are told" {
	test_program new 'echo "ok 1"; echo 1..1'
	expect gone pass
	conformance 1
	says 'there is no such test in'
	says '^none gone .*UNEXPECTED'
	says '^unexpected: new gone$'
}

@test "the first row whose condition holds counts" {
	test_program good 'echo "ok 1"; echo 1..1'
	expect good fail "without-group-file cgroup.procs" "every group has that file"
	expect good fail "without-capability 0" "root has it"
	expect good pass
	expect good fail
	conformance 0
	: >"$EXPECTED"
	expect good pass "without-group-file no.such.file"
	expect good fail
	conformance 0
	: >"$EXPECTED"
	expect good pass "without-hierarchy no-such-controller"
	expect good fail
	conformance 0
	: >"$EXPECTED"
	expect good pass "when-the-moon-shines"
	conformance 1
	says 'unknown condition'
}

@test "a runtime without rows gets the plain result" {
	test_program bad 'echo "not ok 1"; echo 1..1'
	printf 'other\tbad\tfail\t-\tit is wrong\n' >"$EXPECTED"
	conformance 1
	says '^fakerun: 0 passed, 1 failed, 0 skipped$'
}

@test "every row of the table in this folder is complete" {
	run awk -F '\t' '/^#/ { next }
		NF < 4 || NF > 5 || $3 !~ /^(pass|pass-at-last|fail|asserts-nothing)$/ || ($3 != "pass" && $5 == "") {
			print FILENAME ":" FNR ": " $0
		}' "$BATS_TEST_DIRNAME/expected"
	[ -z "$output" ]
}
