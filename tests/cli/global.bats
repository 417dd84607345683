#!/usr/bin/env bats
# What all commands share: help, version, global options, exit statuses.
load helpers


setup()
{
	make_bundle
	verbs=$(commands)
}
teardown() { remove_containers; }

@test "--version, -version and -v tell program, commit, specification and libseccomp" {
	for option in --version -version -v; do
		run -0 "$ORUN" $option
		[[ ${lines[0]} =~ ^orun\ version\ [0-9]+\.[0-9]+ ]]
		[[ ${lines[1]} == "commit: "?* ]]
		equals "${lines[2]}" "spec: 1.3.0"
		[[ ${lines[3]} =~ ^libseccomp:\ [0-9.]+$ ]]
	done
}

@test "help names every command" {
	for words in --help -help -h help; do
		run -0 "$ORUN" $words
		for verb in $verbs; do
			output_has "  $verb "
		done
	done
}

@test "help of a command is what its --help says" {
	for verb in $verbs; do
		equals "$("$ORUN" help "$verb")" "$("$ORUN" "$verb" --help)"
	done
	run -1 "$ORUN" help frobnicate
	output_has "no help for unknown command 'frobnicate'"
	# shellcheck disable=SC2016 # a variable of the inner shell
	run -1 sh -c '"$1" help >/dev/full' sh "$ORUN"
	output_has "no space left on device"
}

# Engines probe options in these ways.
@test "options are taken in all the forms that Go programs take" {
	run -0 "$ORUN" checkpoint --help
	output_has "Usage: orun checkpoint"
	run -1 "$ORUN" restore --lsm-mount-context
	output_has "flag needs an argument"
	run -1 "$ORUN" restore -lsm-mount-context
	output_has "flag needs an argument"
	for words in "-no-subreaper" "--no-subreaper=true" "--no-subreaper=false" "-no-subreaper=1" "--tcp-close" \
		"--lsm-mount-context=x" "--lsm-profile= --detach -b $bundle"; do
		# shellcheck disable=SC2086 # several words are meant
		run -1 orun restore $words --image-path "$BATS_TEST_TMPDIR/none" "$id"
		[[ $output != *flag* ]]
	done
	run -1 orun restore --no-subreaper=perhaps "$id"
	output_has "option --no-subreaper: 'perhaps' is neither true nor false"
}

@test "every command has help, in all forms, and does nothing else then" {
	for verb in $verbs; do
		for option in --help -help -h; do
			run -0 "$ORUN" --root "$BATS_TEST_TMPDIR/none" "$verb" $option
			output_has "Usage: orun $verb"
		done
	done
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "no command is an error, with help" {
	run -1 "$ORUN"
	output_has "no command is given"
	output_has Usage:
}

@test "an unknown command is an error, with the status that runc has for it" {
	run -3 "$ORUN" frobnicate
	output_has "orun: unknown command 'frobnicate'"
}

@test "an unknown option is an error, global or of a command" {
	run -1 "$ORUN" --frobnicate list
	output_has "orun: flag provided but not defined: -frobnicate"
	for verb in $verbs; do
		run -1 "$ORUN" "$verb" --frobnicate
		output_has "orun: flag provided but not defined: -frobnicate"
	done
}

@test "an option that wants a value and has none is an error" {
	for words in --root --log --log-format --log-level "create --bundle" "create --pid-file" \
		"create --console-socket" "create --preserve-fds" "run --bundle" "list --format" "spec -b"; do
		# shellcheck disable=SC2086 # several words are meant
		run -1 "$ORUN" $words
		output_has "orun: flag needs an argument: -"
	done
}

@test "a number that is none is an error" {
	for value in x -1 65536 "" 1x; do
		run -1 orun create --preserve-fds="$value" "$id"
		output_has "--preserve-fds"
	done
}

@test "a flag takes true and false, and nothing else" {
	run -0 orun --debug=false list
	run -0 orun --debug=true list
	run -1 orun --debug=perhaps list
	output_has "--debug: 'perhaps'"
}

@test "-- ends the options" {
	run -1 orun state -- --help
	output_has "container --help does not exist"
}

@test "--root is made when it is missing, and keeps containers apart" {
	local other=$BATS_TEST_TMPDIR/deep/below/other
	(cd "$bundle" && "$ORUN" --root "$other" create "$id-other")
	run -1 orun state "$id-other"
	output_has "does not exist"
	equals "$("$ORUN" -root="$other" list -q)" "$id-other"
	"$ORUN" --root "$other" delete --force "$id-other"
}

@test "a root that is no directory is named" {
	run -1 "$ORUN" --root /etc/passwd list
	output_has "state root '/etc/passwd'"
	output_has "not a directory"
}

@test "errors go to stderr" {
	run -1 --separate-stderr orun state "$id"
	equals "$output" ""
	# shellcheck disable=SC2154 # bats sets it
	equals "$stderr" "orun: container $id does not exist"
}

@test "--log-format json --log FILE writes one JSON object for an error" {
	run -1 orun --log "$BATS_TEST_TMPDIR/log" --log-format json state "$id"
	equals "$(wc -l <"$BATS_TEST_TMPDIR/log")" 1
	equals "$(jq -r .level "$BATS_TEST_TMPDIR/log")" error
	equals "$(jq -r .msg "$BATS_TEST_TMPDIR/log")" "container $id does not exist"
	jq -r .time "$BATS_TEST_TMPDIR/log" | grep -qE '^20[0-9-]+T[0-9:]+Z$'
}

@test "a failing create writes one JSON object, whatever it also warned of" {
	configure '.root.path = "absent" | .process.capabilities.bounding += ["CAP_NO_SUCH"]'
	run -1 orun --log "$BATS_TEST_TMPDIR/log" --log-format json create "$id"
	equals "$(jq -s length "$BATS_TEST_TMPDIR/log")" 1
	equals "$(jq -r .level "$BATS_TEST_TMPDIR/log")" error
}

@test "--log FILE writes text, and appends" {
	run -1 orun --log "$BATS_TEST_TMPDIR/log" state "$id"
	run -1 orun -log="$BATS_TEST_TMPDIR/log" -log-format=text state "$id"
	equals "$(grep -c 'level=error msg="container .* does not exist"' "$BATS_TEST_TMPDIR/log")" 2
}

@test "without --log, json goes to stderr" {
	run -1 orun --log-format json state "$id"
	equals "$(jq -r .msg <<<"$output")" "container $id does not exist"
}

@test "--log file:FILE is a file" {
	run -1 orun --log "file:$BATS_TEST_TMPDIR/log" state "$id"
	grep -q 'level=error msg="container .* does not exist"' "$BATS_TEST_TMPDIR/log"
}

# with_loggers COMMAND…: with a journal and a syslog that write to the files journal and syslog; nobody
# outside sees them.
with_loggers()
{
	# shellcheck disable=SC2016 # the variables of the inner shell
	unshare -m sh -c 'cd "$1" && shift &&
		mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&
		mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 || exit 99
		./receive-datagrams /run/systemd/journal/socket journal &
		journal=$!
		./receive-datagrams /dev/log syslog &
		syslog=$!
		until [ -S /run/systemd/journal/socket ] && [ -S /dev/log ]; do sleep 0.01; done
		"$@" </dev/null
		status=$?
		until [ -e journal ] || [ -e syslog ]; do sleep 0.01; done
		kill $journal $syslog
		exit $status' sh "$BATS_TEST_TMPDIR" "$@"
}

make_receiver()
{
	command -v perl >/dev/null || skip "the loggers of the test need perl"
	cat >"$BATS_TEST_TMPDIR/receive-datagrams" <<'PERL'
#!/usr/bin/perl
use IO::Socket::UNIX;
my $socket = IO::Socket::UNIX->new(Local => $ARGV[0], Type => SOCK_DGRAM) or die "$ARGV[0]: $!";
while (defined $socket->recv(my $text, 65536)) {
	open my $out, '>>', "$ARGV[1].new" or die;
	print $out $text, "\n";
	close $out;
	link "$ARGV[1].new", $ARGV[1];
}
PERL
	chmod +x "$BATS_TEST_TMPDIR/receive-datagrams"
}

@test "--log journald: and syslog: reach their sockets, and errors stderr too" {
	make_receiver
	run -1 with_loggers "$ORUN" --root "$state" --log journald:me state "$id"
	output_has "orun: container $id does not exist"
	equals "$(cat "$BATS_TEST_TMPDIR/journal")" "MESSAGE=container $id does not exist
PRIORITY=3
SYSLOG_IDENTIFIER=me
CONTAINER_ID=$id"
	[ ! -e "$BATS_TEST_TMPDIR/syslog" ]
	rm "$BATS_TEST_TMPDIR/journal"
	run -1 with_loggers "$ORUN" --root "$state" --log syslog: --log-format json start "$id"
	output_has "orun: container $id does not exist"
	grep -qE "^<11>... .. ..:..:.. orun\[[0-9]+\]: container $id: container $id does not exist$" \
		"$BATS_TEST_TMPDIR/syslog"
}

@test "--log journald: gets the warnings, which stderr does not" {
	make_receiver
	configure '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	program /bin/true
	run -0 with_loggers "$ORUN" --root "$state" --log journald: run --bundle "$bundle" "$id"
	equals "$output" ""
	grep -q "^MESSAGE=.*CAP_NO_SUCH" "$BATS_TEST_TMPDIR/journal"
	grep -qx "PRIORITY=4" "$BATS_TEST_TMPDIR/journal"
	grep -qx "SYSLOG_IDENTIFIER=orun" "$BATS_TEST_TMPDIR/journal"
	grep -qx "CONTAINER_ID=$id" "$BATS_TEST_TMPDIR/journal"
}

@test "a logger that is not there is an error that names it" {
	for target in journald:x:/run/systemd/journal/socket syslog:x:/dev/log; do
		[ ! -e "${target##*:}" ] || skip "this machine has ${target##*:}"
		run -1 orun --log "${target%:*}" list
		output_has "orun: open log: connect to ${target##*:}: no such file or directory"
	done
}

@test "--log-level error leaves warnings out, debug tells more" {
	configure '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	program /bin/true
	run -0 orun run "$id"
	output_has CAP_NO_SUCH
	run -0 orun --log-level error run "$id"
	equals "$output" ""
	run -0 orun --log-level=debug run "$id"
	output_has "orun: debug: "
	run -0 orun --log-level=error --debug run "$id"
	output_has "orun: debug: "
	run -1 orun --log-level=info list
	output_has "--log-level 'info': is none of error, warning, debug"
}

@test "an unknown log format and a log that cannot be opened are errors" {
	run -1 "$ORUN" --log-format xml list
	output_has "orun: --log-format 'xml'"
	run -1 "$ORUN" --log /absent/folder/log list
	output_has /absent/folder/log
	output_has "no such file or directory"
}

@test "--debug tells what is made of the configuration" {
	orun create "$id" 2>"$BATS_TEST_TMPDIR/quiet"
	orun delete --force "$id"
	orun --debug create "$id" 2>"$BATS_TEST_TMPDIR/log"
	grep -F "rootfs $bundle/rootfs" "$BATS_TEST_TMPDIR/log"
	grep -F "init is process $(pid_of "$id")" "$BATS_TEST_TMPDIR/log"
	equals "$(cat "$BATS_TEST_TMPDIR/quiet")" ""
}

@test "a successful create leaves the log without errors, also with --debug" {
	orun --debug --log "$BATS_TEST_TMPDIR/log" --log-format json create "$id"
	equals "$(jq -s 'map(select(.level == "error")) | length' "$BATS_TEST_TMPDIR/log")" 0
}

@test "an output that nobody can take is an error" {
	[ -c /dev/full ] || skip "there is no /dev/full"
	orun create "$id"
	for words in "state $id" list "list -q" "list -f json"; do
		local status=0
		# shellcheck disable=SC2086 # several words are meant
		orun $words >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		equals $status 1
		grep -q "no space left" "$BATS_TEST_TMPDIR/err"
	done
}
