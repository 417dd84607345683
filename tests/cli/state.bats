#!/usr/bin/env bats
# orun state: the JSON of runtime.md, State.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "the state of a created container has every field" {
	configure '.annotations = {"org.example.key": "value é", "empty": ""}'
	orun create "$id"
	orun state "$id" >"$BATS_TEST_TMPDIR/json"
	equals "$(jq -r .ociVersion "$BATS_TEST_TMPDIR/json")" 1.3.0
	equals "$(jq -r .id "$BATS_TEST_TMPDIR/json")" "$id"
	equals "$(jq -r .status "$BATS_TEST_TMPDIR/json")" created
	equals "$(jq -r .bundle "$BATS_TEST_TMPDIR/json")" "$bundle"
	equals "$(jq -r .rootfs "$BATS_TEST_TMPDIR/json")" "$bundle/rootfs"
	equals "$(jq -c .annotations "$BATS_TEST_TMPDIR/json")" '{"org.example.key":"value é","empty":""}'
	jq -r .created "$BATS_TEST_TMPDIR/json" |
		grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z$'
	kill -0 "$(jq .pid "$BATS_TEST_TMPDIR/json")"
}

@test "the keys are those of runc" {
	need_runc
	configure '.annotations = {"a": "b"}'
	orun run --detach "$id"
	runc_run --detach >/dev/null 2>&1 </dev/null
	local theirs
	theirs=$(runc --root "$BATS_TEST_TMPDIR/runc" state "$id-runc" | jq -c keys)
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$id-runc"
	equals "$(orun state "$id" | jq -c keys)" "$theirs"
}

@test "without annotations there is no such key" {
	orun create "$id"
	equals "$(orun state "$id" | jq 'has("annotations")')" false
}

@test "the pid of a stopped container is 0" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	equals "$(pid_of "$id")" 0
}

@test "a zombie counts as stopped" {
	# The caller of run --detach becomes no parent: init is ours only while create has not ended.
	program /bin/true
	orun create "$id"
	orun start "$id"
	wait_for_status "$id" stopped
}

@test "a pid that another process has by now is not taken for the container's" {
	orun create "$id"
	local real
	real=$(pid_of "$id")
	sleep 100 &
	local other=$!
	jq -c --argjson pid "$other" '.pid = $pid' "$state/$id/state.json" >"$BATS_TEST_TMPDIR/new"
	cp "$state/$id/state.json" "$BATS_TEST_TMPDIR/old"
	cp "$BATS_TEST_TMPDIR/new" "$state/$id/state.json"
	equals "$(status_of "$id")" stopped
	run -1 orun kill "$id" KILL
	output_has "container not running"
	kill -0 "$other"
	kill "$other"
	cp "$BATS_TEST_TMPDIR/old" "$state/$id/state.json"
	equals "$(pid_of "$id")" "$real"
}

@test "state of what does not exist says so" {
	run -1 orun state "$id"
	output_has "container $id does not exist"
}

@test "a damaged record is an error, not a crash" {
	orun create "$id"
	cp "$state/$id/state.json" "$BATS_TEST_TMPDIR/good"
	for text in '' '{' '[]' 'null' '{"pid": "x"}' '{"id": 5}' "$(head -c 100 "$BATS_TEST_TMPDIR/good")"; do
		printf '%s' "$text" >"$state/$id/state.json"
		run -1 orun state "$id"
		output_has state.json
	done
	cp "$BATS_TEST_TMPDIR/good" "$state/$id/state.json"
}

@test "an id cannot lead out of the state root" {
	for name in ../x .. /etc x/../../y; do
		run -1 orun state "$name"
		output_has "invalid container ID"
	done
}
