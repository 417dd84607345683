# shellcheck shell=bash disable=SC2154
# What the tests of all programs share that are made from a verb table: help, manual pages, completions. Needs equals of
# the helpers, and these variables:
#
# program   the program
# manual    the section of its pages
# sources   the folder with the texts of its pages, below the source tree; the pages are there below the build

# The names of all commands, one a line, in alphabetical order.
commands()
{
	"$program" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort
}

# The long options of a command, or without one the global ones, as its help lists them.
options_of()
{
	"$program" "$@" --help | sed -n 's/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p'
}

program_name()
{
	basename "$program"
}

text_of_pages()
{
	echo "$BATS_TEST_DIRNAME/../../$sources"
}

# Skips where only the program was made. The folder is in $pages.
need_pages()
{
	local folder
	folder=$(dirname "$(readlink -f "$program")")
	# A program may be in the folder of its objects.
	pages=$folder/$sources
	[ -d "$pages" ] || pages=$folder/man
	[ -e "$pages/$(program_name).$manual" ] || skip "the pages are not built: run make, not only make $(program_name)"
}

# Each command has a text, which the build knows, and is in the list of the program's page.
check_pages_of_commands()
{
	local command name fragment
	name=$(program_name)
	fragment=$(text_of_pages)/../build.am
	for command in $(commands); do
		[ -s "$(text_of_pages)/$name-$command.$manual.in" ] || {
			echo "$sources/$name-$command.$manual.in does not exist" >&2
			return 1
		}
		grep -q "/man/$name-$command\.$manual\b" "$fragment" || {
			echo "build.am does not name the page of $command" >&2
			return 1
		}
	done
	need_pages
	for command in $(commands); do
		grep -qF "\\fB$name\\-$command\\fR($manual)" "$pages/$name.$manual"
	done
}

check_sections()
{
	local page line
	for page in "$(text_of_pages)"/*."$manual".in; do
		for line in '@OPTIONS@' '.SH DESCRIPTION' '.SH EXAMPLES' '.SH SEE ALSO'; do
			grep -qxF -- "$line" "$page" || {
				echo "$page has no line $line" >&2
				return 1
			}
		done
	done
}

# The long options that a page lists.
options_of_page()
{
	sed -n '/^\.SH OPTIONS/,/^\.SH EX/s/^\(\\fB\\-.\\fR, \)\{0,1\}\\fB\\-\\-\([a-z0-9\\-]*\)\\fR.*/\2/p' "$1" | tr -d '\\'
}

# Each page lists the options that there are, and no other.
check_options()
{
	local command name
	name=$(program_name)
	need_pages
	for command in $(commands); do
		equals "$(options_of_page "$pages/$name-$command.$manual")" "$(options_of "$command")"
		grep -q "^\.SH SYNOPSIS" "$pages/$name-$command.$manual"
		[ "$(grep -c '@OPTIONS@' "$pages/$name-$command.$manual")" -eq 0 ]
	done
	equals "$(options_of_page "$pages/$name.$manual")" "$(options_of)"
	[ -n "$(options_of_page "$pages/$name.$manual")" ]
}

# check_mentions [OPTION…]: each option that a text mentions is one of the program, or of another that is given here.
check_mentions()
{
	need_pages
	local page option options
	options=$(for command in $(commands); do options_of "$command"; done; options_of; printf '%s\n' "$@")
	for page in "$pages"/*."$manual"; do
		for option in $(sed 's/\\-/-/g' "$page" | grep -o -- '--[a-z][a-z0-9-]*' | sort -u); do
			grep -qx -- "${option#--}" <<<"$options" || {
				echo "$page speaks of $option" >&2
				return 1
			}
		done
	done
}

check_with_groff_and_mandoc()
{
	need_pages
	command -v groff >/dev/null || command -v mandoc >/dev/null || skip "neither groff nor mandoc is installed"
	local page
	for page in "$pages"/*."$manual"; do
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

# For completion: a folder with files in it, and the program by its name.
enter_folder_with_files()
{
	mkdir "$BATS_TEST_TMPDIR/path" "$BATS_TEST_TMPDIR/folder"
	ln -s "$program" "$BATS_TEST_TMPDIR/path/"
	PATH=$BATS_TEST_TMPDIR/path:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p files/sub
	touch files/one.json "files/two words"
}

# in_bash WORD…: what bash offers for the last of the words; sorted, one a line.
in_bash()
{
	cat >"$BATS_TEST_TMPDIR/complete.bash" <<'TEXT'
source <("$1" completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_"$1"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort
TEXT
	bash --norc "$BATS_TEST_TMPDIR/complete.bash" "$@"
}

# in_fish LINE
in_fish()
{
	command -v fish >/dev/null || skip "fish is not installed"
	HOME=$BATS_TEST_TMPDIR fish --no-config -c "$(program_name)"' completion fish | source; complete -C "$argv[1]"' "$1" |
		cut -f 1 | sort
}

# in_zsh LINE…: what each line has become after a tab.
in_zsh()
{
	command -v zsh >/dev/null || skip "zsh is not installed"
	"$program" completion zsh >"$BATS_TEST_TMPDIR/script.zsh"
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

# What every completion script must do: the commands, each command's options, no names of its own but a few.
check_bash_offers_all()
{
	local command option name
	name=$(program_name)
	equals "$(in_bash "$name" '')" "$(commands)"
	for command in $(commands); do
		for option in $(options_of "$command"); do
			in_bash "$name" "$command" "--$option" | grep -qx -- "--$option"
		done
	done
}

# Without the package bash-completion.
check_bash_alone()
{
	local name
	name=$(program_name)
	run -0 bash --norc -u -c "source <($name completion bash); complete -p $name; compgen -A function _$name"
	equals "$output" "complete -F _$name $name
_$name
_${name}_kind
_${name}_options"
}

check_zsh_and_fish()
{
	local shell
	for shell in zsh fish; do
		command -v $shell >/dev/null || skip "$shell is not installed"
		"$program" completion $shell >"$BATS_TEST_TMPDIR/script"
		run -0 $shell -n "$BATS_TEST_TMPDIR/script"
		equals "$output" ""
	done
}
