#!/usr/bin/env bats
# features.md and features-linux.md: whether what `orun features` says holds.
# shellcheck disable=SC2016,SC2154 # variables of jq, and those that make_bundle sets
ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)/build/orun}
load ../tests/cli/helpers

setup()
{
	make_bundle
	features=$BATS_TEST_TMPDIR/features.json
	orun features >"$features"
	program /bin/true
}

teardown() { remove_containers; }

feature() { jq -r "$1" "$features"; }

holds()
{
	jq -e "$1" "$features" >/dev/null || {
		cat "$features" >&2
		return 1
	}
}

runs()
{
	run orun run "$id"
	equals "$1: $status $output" "$1: 0 "
}

# recognised WORD: the configuration as it is now is run, or refused by the kernel; the word is not
# refused as one that nobody knows.
recognised()
{
	run orun run "$id"
	[[ $output != *unknown* && $output != *'is not an architecture'* ]] || {
		echo "$1: $output" >&2
		return 1
	}
}

not_recognised()
{
	run -1 orun run "$id"
	output_has "${1:-unknown value}"
}

@test "nothing is null" {
	holds '[.. | select(. == null)] == []'
}

@test "the versions are there, in order, and accepted" {
	local version
	holds '[.ociVersionMin, .ociVersionMax] | all(type == "string" and test("^[0-9]+[.][0-9]+[.][0-9]+"))'
	holds '([.ociVersionMin, .ociVersionMax] | map(sub("[-+].*"; "") / "." | map(tonumber))) as [$min, $max]
		| $min <= $max'
	for version in ociVersionMin ociVersionMax; do
		configure --arg version "$(feature .$version)" '.ociVersion = $version'
		runs $version
	done
}

@test "every listed hook runs" {
	local kind log=$BATS_TEST_TMPDIR/log
	configure '.root.readonly = false'
	mkdir "$bundle/rootfs/log"
	: >"$log"
	holds '.hooks | length > 0'
	for kind in $(feature '.hooks[]'); do
		configure --arg kind "$kind" --arg log "$log" '.hooks[$kind] = [{path: "/bin/sh",
			args: ["sh", "-c", "if [ -e /log ]; then : >/log/" + $kind + "; else echo " + $kind + " >>" + $log + "; fi"]}]'
	done
	runs hooks
	equals "$({ cat "$log"; ls "$bundle/rootfs/log"; } | sort | xargs)" "$(feature '.hooks | sort | join(" ")')"
}

# mount_with OPTION: a mount that has a use for the option. A tmpfs refuses a word that it gets as one of its own.
mount_with()
{
	local source=$BATS_TEST_TMPDIR/source
	mkdir -p "$source"
	configure --arg option "$1" --arg source "$source" '
		[{containerID: 0, hostID: 1000, size: 1000}] as $map
		| .mounts |= map(select(.destination != "/tmp"))
		| .mounts += (
			if $option | IN("idmap", "ridmap") then
				[{source: $source, options: ["rbind", $option], uidMappings: $map, gidMappings: $map}]
			elif $option | IN("bind", "rbind", "src-nofollow", "dest-nofollow", "copy-symlink") then
				[{source: $source, options: ["rbind", $option]}]
			elif $option == "remount" then
				[{source: "tmpfs", type: "tmpfs"}, {source: "tmpfs", type: "tmpfs", options: [$option]}]
			else
				[{source: "tmpfs", type: "tmpfs", options: [$option]}]
			end | map({destination: "/tmp"} + .))'
}

@test "every listed mount option is recognised" {
	local option
	holds '.mountOptions | length > 0'
	for option in $(feature '.mountOptions[]'); do
		mount_with "$option"
		runs "$option"
	done
	mount_with no-such-option
	run -1 orun run "$id"
}

@test "every listed namespace is recognised" {
	local type
	holds '.linux.namespaces | length > 0'
	chmod 755 "$BATS_TEST_TMPDIR"
	for type in $(feature '.linux.namespaces[]'); do
		configure --arg type "$type" '.linux.namespaces |= map(select(.type != $type)) + [{type: $type}]'
		[ "$type" != user ] || configure '[{containerID: 0, hostID: 0, size: 65536}] as $map
			| .linux.uidMappings = $map | .linux.gidMappings = $map'
		runs "$type"
	done
	configure '.linux.namespaces += [{type: "no-such-type"}]'
	not_recognised
}

@test "every listed capability is recognised" {
	holds '.linux.capabilities | length > 0'
	configure --argjson all "$(feature .linux.capabilities)" '.process.capabilities.bounding = $all'
	recognised capabilities
	equals "$status" 0
	configure '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	run -0 orun run "$id"
	output_has unknown
}

# with_rule JSON: a rule that never decides.
with_rule()
{
	configure --argjson rule "$1" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["acct"], action: "SCMP_ACT_ERRNO"} + $rule]}'
}

@test "every listed word of seccomp is recognised" {
	local word
	holds '.linux.seccomp | [.actions, .operators, .archs, .knownFlags] | all(length > 0)'
	for word in $(feature '.linux.seccomp.actions[]'); do
		with_rule "{\"action\": \"$word\"}"
		[ "$word" != SCMP_ACT_NOTIFY ] || configure '.linux.seccomp.listenerPath = "/absent"'
		recognised "$word"
	done
	with_rule '{"action": "SCMP_ACT_NO_SUCH"}'
	not_recognised
	for word in $(feature '.linux.seccomp.operators[]'); do
		with_rule "{\"args\": [{\"index\": 0, \"value\": 1, \"valueTwo\": 1, \"op\": \"$word\"}]}"
		runs "$word"
	done
	with_rule '{"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NO_SUCH"}]}'
	not_recognised
	with_rule '{}'
	for word in $(feature '.linux.seccomp.archs[]'); do
		configure --arg word "$word" '.linux.seccomp.architectures = [$word]'
		recognised "$word"
	done
	configure '.linux.seccomp.architectures = ["SCMP_ARCH_NO_SUCH"]'
	not_recognised "is not an architecture"
	configure 'del(.linux.seccomp.architectures)'
	for word in $(feature '.linux.seccomp.knownFlags[]'); do
		configure --arg word "$word" '.linux.seccomp.flags = [$word]'
		recognised "$word"
	done
	configure '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NO_SUCH"]'
	not_recognised
}

@test "every supported flag of seccomp works" {
	local flag
	with_rule '{}'
	holds '.linux.seccomp.supportedFlags - .linux.seccomp.knownFlags == []'
	for flag in $(feature '.linux.seccomp.supportedFlags[]'); do
		configure --arg flag "$flag" '.linux.seccomp.flags = [$flag]'
		runs "$flag"
	done
}

@test "every listed word of memoryPolicy is recognised" {
	local word
	holds '.linux.memoryPolicy | [.modes, .flags] | all(length > 0)'
	for word in $(feature '.linux.memoryPolicy.modes[]'); do
		configure --arg word "$word" '.linux.memoryPolicy = {mode: $word}
			+ if $word | IN("MPOL_DEFAULT", "MPOL_LOCAL") then {} else {nodes: "0"} end'
		recognised "$word"
	done
	configure '.linux.memoryPolicy = {mode: "MPOL_NO_SUCH"}'
	not_recognised
	for word in $(feature '.linux.memoryPolicy.flags[]'); do
		configure --arg word "$word" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: [$word]}'
		recognised "$word"
	done
	configure '.linux.memoryPolicy.flags = ["MPOL_F_NO_SUCH"]'
	not_recognised
}

@test "annotations are a map of strings" {
	holds '.annotations // {} | type == "object" and all(.[]; type == "string") and (has("") | not)'
}

@test "idmap is enabled, as mappings of mounts are read" {
	holds '.linux.mountExtensions.idmap.enabled == true'
	mount_with idmap
	runs idmap
}
