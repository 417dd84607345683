# shellcheck shell=bash disable=SC2034
# What the tests of checkpoint and restore share: a stand-in for criu that records what it is asked for and
# fails at will, and the real one where it works.

# From here on `criu` is tests/fake_criu.c, which see for FAKE_CRIU; its requests are in $requests.
use_fake_criu()
{
	local program
	program=$(dirname "$ORUN")/fake-criu
	[ -x "$program" ] || {
		echo "there is no program $program: make fake-criu builds it" >&2
		return 1
	}
	mkdir -p "$BATS_TEST_TMPDIR/criu"
	ln -sf "$program" "$BATS_TEST_TMPDIR/criu/criu"
	PATH=$BATS_TEST_TMPDIR/criu:$PATH
	requests=$BATS_TEST_TMPDIR/requests
	export FAKE_CRIU_LOG=$requests FAKE_CRIU=
}

# The real criu, if this kernel lets it work.
use_real_criu()
{
	command -v criu >/dev/null || skip "criu is not installed"
	criu check >"$BATS_TEST_TMPDIR/criu-check" 2>&1 ||
		skip "criu check: $(tail -n 1 "$BATS_TEST_TMPDIR/criu-check")"
}

# asked LINE…: the last requests had each of these lines.
asked()
{
	local line
	for line; do
		grep -qxF -- "$line" "$requests" || {
			printf 'expected to be asked: %s\nin: %s\n' "$line" "$(cat "$requests")" >&2
			return 1
		}
	done
}

# asked_matching REGEX
asked_matching()
{
	grep -qxE -- "$1" "$requests" || {
		printf 'expected to be asked: %s\nin: %s\n' "$1" "$(cat "$requests")" >&2
		return 1
	}
}

not_asked()
{
	# shellcheck disable=SC2314 # the last command of the function
	! grep -E -- "$1" "$requests"
}

# run_detached [ID]: a container that runs, with /dev/null and a file that is appended to as its streams.
run_detached()
{
	orun run --detach "${1:-$id}" </dev/null >>"$BATS_TEST_TMPDIR/output" 2>&1
}

# restore_detached [OPTION…]: the same for a restored one.
restore_detached()
{
	orun restore --detach "$@" "$id" </dev/null >>"$BATS_TEST_TMPDIR/output" 2>&1
}

# fails TEXT… -- COMMAND…: the command must fail with status 1 and say each text; its words are in $output.
fails()
{
	local texts=() text status=0
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	# Not by `run`: a container that it should not have made would keep its pipe open.
	"$@" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/said")
	equals "$status" 1
	for text in "${texts[@]}"; do
		output_has "$text"
	done
}
