#!/usr/bin/env bats
# imgtool help, and the manual pages, which are made of it and of texts by hand.
load helpers
load ../cli/program

setup()
{
	# shellcheck disable=SC2034 # they are for program.bash
	program=$IMGTOOL manual=1 sources=imgtool/man
}

@test "every command has a page, and is in the list of imgtool(1)" {
	check_pages_of_commands
}

@test "every page has its texts and examples, and a place for its options" {
	check_sections
}

@test "every page has every option of its command, and no other" {
	check_options
}

@test "every option that a text mentions is there" {
	# Those of orun run and docker load, in examples.
	check_mentions bundle input
}

@test "groff and mandoc find no fault in the pages" {
	check_with_groff_and_mandoc
}

@test "help tells of the program, of a command, and of none that is not there" {
	run -0 imgtool --help
	output_has "Usage: imgtool [OPTIONS] COMMAND"
	output_has "  unpack     make a bundle from an image"
	run -0 imgtool help pack
	output_has "Usage: imgtool pack [OPTIONS] DIR|BUNDLE IMAGE"
	run -1 imgtool help unpick
	output_has "no help for unknown command 'unpick'"
	run -3 imgtool unpick
	output_has "unknown command 'unpick'; --help lists the commands"
	run -1 imgtool
	output_has "no command is given"
	run -0 imgtool --version
	output_has "imgtool version "
	output_has "image-spec: 1.1."
}

@test "what an image says cannot give orders to a terminal" {
	run -1 imgtool inspect $'oci:/nowhere\e[2J\u009b2J\n'
	[[ $output != *$'\e'* && $output != *$'\u009b'* ]]
	output_has "/nowhere?[2J??2J?"
}
