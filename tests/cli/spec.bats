#!/usr/bin/env bats
# orun spec: a configuration to start from.
load helpers

setup()
{
	make_bundle
	rm "$bundle/config.json"
}
teardown() { remove_containers; }

@test "spec writes a config.json that orun and runc run alike" {
	orun spec
	configure '.process.terminal = false'
	same_as_runc 'hostname; cat /proc/self/mountinfo | cut -d" " -f5 | grep -v unified | sort;
		grep -E "^(Cap|NoNew|Seccomp)" /proc/self/status; ls /dev; ulimit -n; env | grep -v HOSTNAME | sort; pwd'
}

@test "spec is valid JSON with the version of the specification" {
	orun spec
	equals "$(jq -r .ociVersion "$bundle/config.json")" 1.3.0
	equals "$(stat -c %a "$bundle/config.json")" 644
}

@test "the default is not less than that of runc" {
	need_runc
	orun spec
	mkdir "$BATS_TEST_TMPDIR/theirs"
	runc spec --bundle "$BATS_TEST_TMPDIR/theirs"
	local ours=$bundle/config.json theirs=$BATS_TEST_TMPDIR/theirs/config.json
	for field in .process.args .process.env .process.cwd .process.user .process.terminal \
		.process.noNewPrivileges .process.rlimits .root '.process.capabilities.bounding | sort' \
		'.mounts | map(.destination) | sort'; do
		equals "$(jq -cS "$field" "$ours")" "$(jq -cS "$field" "$theirs")"
	done
	equals "$(jq -c '[.linux.namespaces[].type] | sort' "$ours")" \
		"$(jq -c '[.linux.namespaces[].type, "cgroup"] | unique' "$theirs")"
	for field in maskedPaths readonlyPaths; do
		equals "$(jq -nc --slurpfile a "$theirs" --slurpfile b "$ours" \
			"\$a[0].linux.$field - \$b[0].linux.$field")" "[]"
	done
}

@test "--bundle and -b name the folder" {
	mkdir "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	orun spec --bundle "$BATS_TEST_TMPDIR/a"
	orun spec -b "$BATS_TEST_TMPDIR/b"
	cmp "$BATS_TEST_TMPDIR/a/config.json" "$BATS_TEST_TMPDIR/b/config.json"
}

@test "what is there is not overwritten" {
	echo mine >"$bundle/config.json"
	run -1 orun spec
	output_has "file exists"
	equals "$(cat "$bundle/config.json")" mine
	rm "$bundle/config.json"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$bundle/config.json"
	run -1 orun spec
	[ ! -e "$BATS_TEST_TMPDIR/elsewhere" ]
}

@test "a folder that is absent is named" {
	run -1 orun spec --bundle /absent/folder
	output_has /absent/folder
	output_has "no such file or directory"
}

@test "--rootless maps the caller's ids and runs" {
	orun spec --rootless
	equals "$(jq -c .linux.uidMappings "$bundle/config.json")" '[{"containerID":0,"hostID":0,"size":1}]'
	jq -e '.linux.namespaces | map(.type) | index("user") != null' "$bundle/config.json"
	configure '.process.terminal = false'
	inside 'cat /proc/self/uid_map; id -u'
	[[ $output =~ ^\ +0\ +0\ +1.*0$ ]]
}
