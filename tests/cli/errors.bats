#!/usr/bin/env bats
# Bad input: status 1, the stage, the object, the errno's words and where there is one the hint; and
# nothing left behind.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# bad FILTER TEXT…: the configuration, changed by the jq filter, must fail with each text.
bad()
{
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/good.json"
	configure "$1"
	shift
	create_fails "$@"
	cp "$BATS_TEST_TMPDIR/good.json" "$bundle/config.json"
}

@test "text that is no JSON is refused, with its place" {
	for text in '' ' ' '{' '{"ociVersion": }' 'x' '[1, 2]' '"text"' 'null' '{"a": 1} x'; do
		printf '%s' "$text" >"$bundle/config.json"
		create_fails config.json
	done
}

@test "hostile JSON is refused and no crash" {
	head -c 100000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
	create_fails config.json
	head -c 100000 /dev/urandom >"$bundle/config.json"
	create_fails config.json
	printf '{"ociVersion": "1.0.0", "\0": 1}' >"$bundle/config.json"
	create_fails config.json
	rm "$bundle/config.json"
	mkdir "$bundle/config.json"
	create_fails config.json "is a directory"
	rmdir "$bundle/config.json"
	mkfifo "$bundle/config.json"
	create_fails config.json
	rm "$bundle/config.json"
	ln -s config.json "$bundle/config.json"
	create_fails config.json
}

@test "a wrong type names the field" {
	bad '.hostname = 5' hostname
	bad '.process.args = "sh"' process.args
	bad '.process.user.uid = -1' process.user.uid
	bad '.process.user.uid = 4294967296' process.user.uid
	bad '.linux.resources = []' linux.resources
	bad '.mounts = {}' mounts
	bad '.mounts[1].options = [1]' 'mounts[1].options'
	bad '.process.terminal = "yes"' process.terminal
}

@test "what is missing is named" {
	bad 'del(.ociVersion)' ociVersion
	bad 'del(.root)' root
	bad 'del(.root.path)' root.path
	bad 'del(.process.cwd)' process.cwd
	bad 'del(.mounts[0].destination)' 'mounts[0].destination'
	bad '.linux.devices = [{type: "c"}]' 'linux.devices[0]'
}

@test "a version that we do not know is refused" {
	bad '.ociVersion = "2.0.0"' ociVersion
	bad '.ociVersion = "one"' ociVersion
}

@test "fields that nobody knows are ignored" {
	configure '.unknown = {a: [1]} | .linux.unknown = 1 | .process.unknown = null'
	inside 'echo ran'
	equals "$output" ran
}

@test "all problems of a file are told at once" {
	configure '.hostname = 5 | .process.cwd = "relative" | .linux.namespaces += [{type: "galaxy"}]'
	create_fails hostname galaxy
}

@test "a rootfs that is absent or no directory is named" {
	bad '.root.path = "absent"' "$bundle/absent" "no such file or directory" rootfs
	bad '.root.path = "config.json"' "not a directory"
	bad '.root.path = ""' root.path
}

@test "a rootfs of / is refused or harmless" {
	configure '.root = {path: "/", readonly: true}'
	run orun create "$id"
	orun delete --force "$id"
	nothing_left
	[ -d /tmp ] && touch "$BATS_TEST_TMPDIR/still-writable"
}

@test "the stage stands in the error" {
	bad '.mounts += [{destination: "/x", type: "frobfs", source: "x"}]' "orun: create: " mounts frobfs
	bad '.linux.sysctl = {"net.ipv4.no_such_key": "1"}' sysctl net.ipv4.no_such_key
}

@test "a sysctl that is not of a namespace is refused" {
	bad '.linux.sysctl = {"kernel.panic": "1"}' kernel.panic
	bad '.linux.sysctl = {"kernel/../../etc": "1"}' sysctl
}

@test "fields that need a namespace are refused without it" {
	bad '.linux.namespaces |= map(select(.type != "uts"))' hostname
	bad '.linux.namespaces |= map(select(.type != "mount"))' mount
	bad '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]' user
}

@test "cgroupsPath cannot lead out" {
	bad '.linux.cgroupsPath = "../../../etc"' cgroupsPath
	bad '.linux.cgroupsPath = "/a/../../b"' cgroupsPath
}

@test "values that are out of range are refused" {
	bad '.process.oomScoreAdj = 100000' oomScoreAdj
	bad '.linux.resources.cpu.shares = -5' shares
	bad '.linux.resources.pids.limit = "many"' pids
	bad '.process.rlimits[0].soft = -1' rlimits
}

@test "each failure is told once" {
	configure '.mounts += [{destination: "/x", type: "frobfs", source: "x"}]'
	run -1 orun create "$id"
	equals "$(grep -c frobfs <<<"$output")" 1
	equals "${#lines[@]}" 1
}
