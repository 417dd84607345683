#!/usr/bin/env bats
# orun features: the Features structure of the specification, features.md and features-linux.md.
load helpers

setup()
{
	make_bundle
	"$ORUN" features >"$BATS_TEST_TMPDIR/features"
}
teardown() { remove_containers; }

features() { jq -er "$@" "$BATS_TEST_TMPDIR/features"; }

@test "features prints one JSON object and nothing on stderr" {
	run -0 --separate-stderr "$ORUN" features
	# shellcheck disable=SC2154 # bats sets it
	equals "$stderr" ""
	equals "$(jq -s length <<<"$output")" 1
}

# CRI-O reads both together.
@test "stdout and stderr together are JSON, also with --debug and without a state root" {
	run -0 "$ORUN" --root "$BATS_TEST_TMPDIR/none" --debug features
	jq -e . <<<"$output"
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

# The fields of the two documents, and of which type each is.
@test "every field of the specification is there, with its type, and no other" {
	local expected
	expected=$(sort <<'TEXT'
annotations object
hooks array
linux object
linux.apparmor object
linux.apparmor.enabled boolean
linux.capabilities array
linux.cgroup object
linux.cgroup.rdma boolean
linux.cgroup.systemd boolean
linux.cgroup.systemdUser boolean
linux.cgroup.v1 boolean
linux.cgroup.v2 boolean
linux.intelRdt object
linux.intelRdt.enabled boolean
linux.intelRdt.monitoring boolean
linux.intelRdt.schemata boolean
linux.memoryPolicy object
linux.memoryPolicy.flags array
linux.memoryPolicy.modes array
linux.mountExtensions object
linux.mountExtensions.idmap object
linux.mountExtensions.idmap.enabled boolean
linux.namespaces array
linux.netDevices object
linux.netDevices.enabled boolean
linux.seccomp object
linux.seccomp.actions array
linux.seccomp.archs array
linux.seccomp.enabled boolean
linux.seccomp.knownFlags array
linux.seccomp.operators array
linux.seccomp.supportedFlags array
linux.selinux object
linux.selinux.enabled boolean
mountOptions array
ociVersionMax string
ociVersionMin string
potentiallyUnsafeConfigAnnotations array
TEXT
)
	# Neither the elements of arrays nor the annotations, whose names are free.
	equals "$(jq -r '. as $all | paths | select(all(type == "string") and (.[0] != "annotations" or length == 1))
		| . as $p | "\($p | join(".")) \($all | getpath($p) | type)"' "$BATS_TEST_TMPDIR/features" | sort)" "$expected"
	equals "$(features '[.. | arrays | .[] | type] | unique | join(" ")')" string
	equals "$(features '[.annotations[] | type] | unique | join(" ")')" string
}

@test "no list says a thing twice" {
	features 'all(.. | arrays; length == (unique | length))'
}

@test "versions are those of the specification" {
	equals "$(features .ociVersionMin)" 1.0.0
	equals "$(features .ociVersionMax)" "$("$ORUN" --version | sed -n 's/^spec: //p')"
	for version in ociVersionMin ociVersionMax; do
		configure --arg v "$(features ".$version")" '.ociVersion = $v'
		inside true
	done
}

# acl and noacl are of the file system, and runc has dropped them since.
@test "all that runc knows is known" {
	need_runc
	runc features >"$BATS_TEST_TMPDIR/runc" || skip "this runc has no features"
	for list in .hooks .mountOptions .linux.namespaces .linux.capabilities .linux.seccomp.actions \
		.linux.seccomp.operators .linux.seccomp.archs; do
		local missing
		missing=$(jq -rn --slurpfile ours "$BATS_TEST_TMPDIR/features" --slurpfile runc "$BATS_TEST_TMPDIR/runc" \
			"(\$runc[0]$list // []) - (\$ours[0]$list) - [\"acl\", \"noacl\"] | join(\" \")")
		equals "$list: $missing" "$list: "
	done
	equals "$(features .annotations.'"io.github.seccomp.libseccomp.version"')" \
		"$("$ORUN" --version | sed -n 's/^libseccomp: //p')"
	[ "$(features '.annotations | keys[] | select(contains("runc"))' || true)" = "" ]
}

@test "what CRI's user namespaces and recursive read-only mounts look for is there" {
	features '.linux.namespaces | index("user") != null'
	features .linux.mountExtensions.idmap.enabled
	features '.mountOptions | index("rro") != null'
}

@test "each namespace that is claimed can be made" {
	configure '.linux.namespaces = []
		| del(.hostname, .mounts, .linux.maskedPaths, .linux.readonlyPaths)'
	local type
	for type in $(features '.linux.namespaces[]'); do
		configure --arg type "$type" '.linux.namespaces = [{type: "mount"}, {type: $type}] | .linux.namespaces |= unique'
		[ "$type" != user ] ||
			configure '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 10}] | .linux.gidMappings = .linux.uidMappings'
		program /bin/true
		run -0 orun run "$id"
		configure 'del(.linux.uidMappings, .linux.gidMappings)'
	done
}

@test "each seccomp flag that is called supported can be loaded" {
	local flag
	for flag in $(features '.linux.seccomp.supportedFlags[]'); do
		configure --arg flag "$flag" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: [$flag]}'
		program /bin/true
		run -0 orun run "$id"
		equals "$output" ""
	done
}

# What is claimed may fail for want of the thing itself, but not because orun does not do it.
@test "network devices and resctrl groups are handled when they are claimed" {
	features .linux.netDevices.enabled
	configure '.linux.netDevices = {"no-such-dev": {}}'
	create_fails linux.netDevices no-such-dev
	features .linux.intelRdt.enabled
	configure 'del(.linux.netDevices) | .linux.intelRdt = {closID: "x"}'
	[ -e /sys/fs/resctrl/schemata ] || create_fails resctrl
}

# Those that the sources ask for by name; whoever passes annotations on must know them.
@test "every annotation that changes what orun does is told" {
	local sources=$BATS_TEST_DIRNAME/../../runtime annotation asked
	asked=$(grep -rhoE 'string_map_get\([^;]*annotations, "[^"]+"' "$sources" | sed 's/.*"\(.*\)"/\1/')
	[ -n "$asked" ]
	for annotation in $asked org.systemd.property.; do
		features --arg name "$annotation" '.potentiallyUnsafeConfigAnnotations | index($name) != null' || {
			echo "$annotation is not told" >&2
			return 1
		}
	done
	for annotation in $(features '.potentiallyUnsafeConfigAnnotations[]'); do
		grep -rqF "\"$annotation\"" "$sources" --include='*.[ch]'
	done
}

@test "features takes no arguments and no options" {
	run -1 "$ORUN" features x
	output_has "features: wants no arguments"
	run -1 "$ORUN" features --frob
	output_has "flag provided but not defined: -frob"
}

@test "an output that nobody can take is an error" {
	run -1 sh -c '"$1" features >/dev/full' sh "$ORUN"
	output_has "no space left on device"
}
