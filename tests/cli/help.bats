#!/usr/bin/env bats
# orun help, and the manual pages, which are made of it and of texts by hand.
load helpers

setup()
{
	make_bundle
	sources=$BATS_TEST_DIRNAME/../../runtime/man
	pages=$(dirname "$(readlink -f "$ORUN")")/runtime/man
}
teardown() { remove_containers; }

need_pages()
{
	[ -e "$pages/orun.8" ] || skip "the pages are not built: run make, not only make orun"
}

@test "every command has a page, and is in the list of orun(8)" {
	local command
	for command in $(commands); do
		[ -s "$sources/orun-$command.8.in" ] || {
			echo "runtime/man/orun-$command.8.in does not exist" >&2
			return 1
		}
		grep -q "/man/orun-$command\.8\b" "$BATS_TEST_DIRNAME/../../runtime/build.am" || {
			echo "runtime/build.am does not name the page of $command" >&2
			return 1
		}
	done
	need_pages
	for command in $(commands); do
		grep -qF "\\fBorun\\-$command\\fR(8)" "$pages/orun.8"
	done
}

@test "every page has its texts and examples, and a place for its options" {
	local page
	for page in "$sources"/*.8.in; do
		grep -qx '@OPTIONS@' "$page" && grep -q '^\.SH DESCRIPTION' "$page" &&
			grep -q '^\.SH EXAMPLES' "$page" && grep -q '^\.SH SEE ALSO' "$page" || {
			echo "$page lacks a section" >&2
			return 1
		}
	done
}

# The long options that a page lists.
options_of_page()
{
	sed -n '/^\.SH OPTIONS/,/^\.SH EX/s/^\(\\fB\\-.\\fR, \)\{0,1\}\\fB\\-\\-\([a-z0-9\\-]*\)\\fR.*/\2/p' "$1" | tr -d '\\'
}

@test "every page has every option of its command, and no other" {
	need_pages
	local command
	for command in $(commands); do
		equals "$(options_of_page "$pages/orun-$command.8")" "$(options_of "$command")"
		grep -q "^\.SH SYNOPSIS" "$pages/orun-$command.8"
		[ "$(grep -c '@OPTIONS@' "$pages/orun-$command.8")" -eq 0 ]
	done
	equals "$(options_of_page "$pages/orun.8")" "$(options_of)"
	[ -n "$(options_of create)" ]
}

@test "every option that a text mentions is there" {
	need_pages
	local page option options
	options=$(for command in $(commands); do options_of "$command"; done; options_of)
	for page in "$pages"/*.8; do
		for option in $(sed 's/\\-/-/g' "$page" | grep -o -- '--[a-z][a-z0-9-]*' | sort -u); do
			grep -qx -- "${option#--}" <<<"$options" || {
				echo "$page speaks of $option" >&2
				return 1
			}
		done
	done
}

@test "groff and mandoc find no fault in the pages" {
	need_pages
	command -v groff >/dev/null || command -v mandoc >/dev/null || skip "neither groff nor mandoc is installed"
	local page
	for page in "$pages"/*.8; do
		if command -v groff >/dev/null; then
			run -0 groff -man -ww -z "$page"
			equals "$output" ""
		fi
		if command -v mandoc >/dev/null; then
			# A page has no date: the version says which it is.
			output=$(mandoc -T lint -W warning "$page" | grep -v 'missing date' || true)
			equals "$output" ""
		fi
	done
}

@test "a page is made of the program's own words even for arguments in brackets" {
	run -0 "$ORUN" help --man kill
	equals "${lines[0]%% \"\"*}" ".TH ORUN-KILL 8"
	output_has "orun\\-kill \\- send a signal"
	output_has "\\fBorun kill\\fR [\\fIOPTIONS\\fR] \\fIID\\fR [\\fISIGNAL\\fR]"
}
