#!/usr/bin/env bats
# orun completion: the scripts, run by the shells that they are for.
load helpers

setup()
{
	make_bundle
	mkdir "$BATS_TEST_TMPDIR/path" "$BATS_TEST_TMPDIR/folder"
	ln -s "$ORUN" "$BATS_TEST_TMPDIR/path/orun"
	PATH=$BATS_TEST_TMPDIR/path:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p files/sub
	touch files/one.json "files/two words"
}
teardown() { remove_containers; }

# in_bash WORD…: what bash offers for the last of the words; sorted, one a line.
in_bash()
{
	cat >"$BATS_TEST_TMPDIR/complete.bash" <<'TEXT'
source <(orun completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_orun
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort
TEXT
	bash --norc "$BATS_TEST_TMPDIR/complete.bash" "$@"
}

# in_fish LINE
in_fish()
{
	command -v fish >/dev/null || skip "fish is not installed"
	HOME=$BATS_TEST_TMPDIR fish --no-config -c 'orun completion fish | source; complete -C "$argv[1]"' "$1" | cut -f 1 | sort
}

# in_zsh LINE…: what each line has become after a tab.
in_zsh()
{
	command -v zsh >/dev/null || skip "zsh is not installed"
	"$ORUN" completion zsh >"$BATS_TEST_TMPDIR/script.zsh"
	cat >"$BATS_TEST_TMPDIR/set-up.zsh" <<'TEXT'
autoload -U compinit
compinit -u -D
source script.zsh
show() { print -r -- "<<$BUFFER>>"; BUFFER= }
zle -N show
bindkey '^X' show
echo ready
TEXT
	cat >"$BATS_TEST_TMPDIR/complete.zsh" <<'TEXT'
zmodload zsh/zpty
zpty shell "ZDOTDIR=$PWD PS1= zsh -f -i 2>/dev/null"
zpty -w shell "source $PWD/set-up.zsh"
zpty -r shell text '*ready*' || exit 1
for line; do
	zpty -n -w shell "$line"$'\t'
	sleep 0.3
	zpty -n -w shell $'\C-x'
	zpty -r shell text '*<<*>>*'
	text=${text##*<<}
	print -r -- ${text%%>>*}
done
zpty -d shell
TEXT
	timeout 30 zsh -f "$BATS_TEST_TMPDIR/complete.zsh" "$@" </dev/null
}

@test "bash offers the commands" {
	equals "$(in_bash orun '')" "$(commands)"
	equals "$(in_bash orun sta)" "start
state"
	equals "$(in_bash orun --debug --root /x feat)" features
	equals "$(in_bash orun --root = /x feat)" features
	equals "$(in_bash orun help feat)" features
}

@test "bash offers each command's options" {
	local command option
	for command in $(commands); do
		for option in $(options_of "$command"); do
			in_bash orun "$command" "--$option" | grep -qx -- "--$option"
		done
	done
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
	run -0 bash --norc -u -c 'source <(orun completion bash); complete -p orun; compgen -A function _orun'
	equals "$output" "complete -F _orun orun
_orun
_orun_kind
_orun_options"
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
	local shell
	for shell in zsh fish; do
		command -v $shell >/dev/null || skip "$shell is not installed"
		"$ORUN" completion $shell >"$BATS_TEST_TMPDIR/script"
		run -0 $shell -n "$BATS_TEST_TMPDIR/script"
		equals "$output" ""
	done
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
