#!/usr/bin/env bats
# orun completion: the scripts, run by the shells that they are for.
load helpers

setup()
{
	make_bundle
	enter_folder_with_files
}
teardown() { remove_containers; }

@test "bash offers what begins as the word does" {
	equals "$(in_bash orun sta)" "start
state"
	equals "$(in_bash orun --debug --root /x feat)" features
	equals "$(in_bash orun --root = /x feat)" features
	equals "$(in_bash orun help feat)" features
}

@test "bash offers each command's options" {
	check_bash_offers_all
	in_bash orun --log | grep -qx -- --log-format
	equals "$(in_bash orun delete --fo)" --force
	[ "$(in_bash orun state --bundle)" = "" ]
}

@test "bash offers the ids of the containers, also of another root" {
	orun create "$id-a"
	orun create "$id-b"
	equals "$(in_bash orun --root "$state" state '')" "$id-a
$id-b"
	equals "$(in_bash orun --root = "$state" state "$id-b")" "$id-b"
	equals "$(in_bash orun --root "$state" delete "$id-a" "$id-")" "$id-a
$id-b"
	equals "$(in_bash orun --root "$state" kill "$id-a" '')" ""
	equals "$(in_bash orun --root "$BATS_TEST_TMPDIR/nowhere" state '')" ""
	[ ! -e "$BATS_TEST_TMPDIR/nowhere" ]
}

@test "bash offers choices, files and directories where an option takes them" {
	equals "$(in_bash orun --log-format '')" "json
text"
	equals "$(in_bash orun --log-format = j)" json
	equals "$(in_bash orun --log-format =)" "json
text"
	equals "$(in_bash orun -log-format '')" "json
text"
	equals "$(in_bash orun list -f t)" table
	equals "$(in_bash orun completion '')" "bash
fish
zsh"
	equals "$(in_bash orun create --bundle files/)" files/sub
	equals "$(in_bash orun create -b files/)" files/sub
	equals "$(in_bash orun create --pid-file files/)" "files/one.json
files/sub
files/two words"
	equals "$(in_bash orun create --preserve-fds '')" ""
}

@test "bash takes the script without the package bash-completion, and no name but _orun's" {
	check_bash_alone
}

@test "fish offers commands, options, ids and values" {
	equals "$(in_fish "orun ")" "$(commands)"
	equals "$(in_fish "orun --root /x sta")" "start
state"
	in_fish "orun delete --" | grep -qx -- --force
	[ "$(in_fish "orun state --for")" = "" ]
	equals "$(in_fish "orun --log-format ")" "json
text"
	equals "$(in_fish "orun completion ")" "bash
fish
zsh"
	in_fish "orun create --bundle files/" | grep -qx files/sub/
	orun create "$id"
	equals "$(in_fish "orun --root $state state ")" "$id"
	equals "$(in_fish "orun --root $state kill $id ")" ""
	equals "$(in_fish "orun --root $BATS_TEST_TMPDIR/nowhere state ")" ""
	[ ! -e "$BATS_TEST_TMPDIR/nowhere" ]
	equals "$(in_fish "orun --root $state delete $id ")" "$id"
}

@test "zsh completes commands, options, ids and values" {
	orun create "$id"
	run -0 in_zsh "orun featu" "orun --root /x featu" "orun delete --for" "orun --log-format j" \
		"orun completion z" "orun create --bundle files/s" "orun --root $state state test-" "orun spec --x"
	equals "$output" "orun features 
orun --root /x features 
orun delete --force 
orun --log-format json 
orun completion zsh 
orun create --bundle files/sub/
orun --root $state state $id 
orun spec --x"
}

@test "zsh and fish find no fault in their scripts" {
	check_zsh_and_fish
}

@test "an unknown shell is an error, and an output that nobody can take" {
	run -1 "$ORUN" completion tcsh
	output_has "completion 'tcsh': is none of bash, zsh, fish"
	run -1 "$ORUN" completion
	output_has "completion: wants bash|zsh|fish"
	# shellcheck disable=SC2016 # a variable of the inner shell
	run -1 sh -c '"$1" completion bash >/dev/full' sh "$ORUN"
	output_has "no space left on device"
}
