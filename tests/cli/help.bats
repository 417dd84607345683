#!/usr/bin/env bats
# orun help, and the manual pages, which are made of it and of texts by hand.
load helpers

setup()
{
	make_bundle
}
teardown() { remove_containers; }

@test "every command has a page, and is in the list of orun(8)" {
	check_pages_of_commands
}

@test "every page has its texts and examples, and a place for its options" {
	check_sections
}

@test "every page has every option of its command, and no other" {
	check_options
}

@test "every option that a text mentions is there" {
	check_mentions
}

@test "groff and mandoc find no fault in the pages" {
	check_with_groff_and_mandoc
}

@test "a page is made of the program's own words even for arguments in brackets" {
	run -0 "$ORUN" help --man kill
	equals "${lines[0]%% \"\"*}" ".TH ORUN-KILL 8"
	output_has "orun\\-kill \\- send a signal"
	output_has "\\fBorun kill\\fR [\\fIOPTIONS\\fR] \\fIID\\fR [\\fISIGNAL\\fR]"
}
