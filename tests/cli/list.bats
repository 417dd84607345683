#!/usr/bin/env bats
# orun list: every container below the state root, as a table, as JSON or as ids.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "an empty root has an empty list" {
	run -0 orun list
	equals "${#lines[@]}" 1
	output_has "ID"
	run -0 orun list --format json
	equals "$output" "[]"
	run -0 orun list --quiet
	equals "$output" ""
}

@test "the table has a line for each container, with pid and status" {
	orun create "$id"
	program /bin/true
	orun run --detach "$id-2"
	wait_for_status "$id-2" stopped
	run -0 orun list
	equals "${#lines[@]}" 3
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER ]]
	[[ ${lines[1]} =~ ^$id\ +$(pid_of "$id")\ +created\ +$bundle\ +20.*root ]]
	[[ ${lines[2]} =~ ^$id-2\ +0\ +stopped ]]
}

@test "json has what state has, and the owner" {
	orun create "$id"
	orun create "$id-2"
	run -0 orun list -f json
	equals "$(jq -r '.[].id' <<<"$output" | xargs)" "$id $id-2"
	equals "$(jq -r '.[0].owner' <<<"$output")" root
	equals "$(jq -c '.[0] | del(.owner)' <<<"$output")" "$(orun state "$id" | jq -c 'del(.owner)')"
}

@test "quiet prints ids only" {
	orun create "$id"
	orun create "$id-2"
	run -0 orun list -q
	equals "$output" "$id"$'\n'"$id-2"
}

@test "what is unfinished, hidden or no container is not in the list" {
	orun create "$id"
	mkdir "$state/unfinished" "$state/.hidden"
	echo >"$state/a-file"
	ln -s /etc "$state/link"
	run -0 orun list -q
	rm -r "$state/unfinished" "$state/.hidden" "$state/a-file" "$state/link"
	equals "$output" "$id"
}

@test "an unknown format is refused" {
	run -1 orun list --format yaml
	output_has yaml
}

@test "list takes no arguments" {
	run -1 orun list all
	output_has "wants no arguments"
}
