# shellcheck shell=bash
# What all bats files compare with.

# For `run` results: the text must be in $output; both sides are shown when it is not.
output_has()
{
	# shellcheck disable=SC2154 # bats sets it
	[[ $output == *"$1"* ]] || {
		printf 'expected to find: %s\nin: %s\n' "$1" "$output" >&2
		return 1
	}
}

equals()
{
	[ "$1" = "$2" ] || {
		printf 'expected: %s\nis:       %s\n' "$2" "$1" >&2
		return 1
	}
}
