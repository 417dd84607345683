#!/usr/bin/env bats
# orun delete: takes away everything that create made, and nothing else.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

@test "a stopped container is deleted with everything of it" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	run -0 orun delete "$id"
	equals "$output" ""
	nothing_left
	run -1 orun state "$id"
	output_has "does not exist"
}

@test "the id can be used again" {
	for _ in 1 2 3; do
		program /bin/true
		orun run --detach "$id"
		wait_for_status "$id" stopped
		orun delete "$id"
	done
	nothing_left
}

@test "a running container is not deleted without --force" {
	orun run --detach "$id"
	run -1 orun delete "$id"
	output_has "cannot delete container $id that is not stopped: running"
	equals "$(status_of "$id")" running
}

@test "a created container is not deleted without --force" {
	orun create "$id"
	run -1 orun delete "$id"
	output_has "cannot delete container $id that is not stopped: created"
	equals "$(status_of "$id")" created
}

@test "--force and -f end a running container first" {
	for option in --force -f -force --force=true; do
		script 'sleep 1000 & sleep 1000 & trap "" TERM; while :; do sleep 1; done'
		orun run --detach "$id"
		orun delete $option "$id"
		nothing_left
	done
}

@test "--force ends a created container first" {
	orun create "$id"
	orun delete --force "$id"
	nothing_left
}

@test "--force says nothing of what does not exist, and succeeds" {
	run -0 orun delete --force "$id"
	equals "$output" ""
}

@test "without --force what does not exist is an error" {
	run -1 orun delete "$id"
	output_has "container $id does not exist"
}

@test "a directory that a killed create left can be removed with --force" {
	mkdir -p "$state/$id"
	run -0 orun delete --force "$id"
	nothing_left
}

@test "a record without its directory's other files is deleted all the same" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	find "$state/$id" ! -name state.json -type p -delete
	orun delete "$id"
	nothing_left
}

@test "processes that left the pid namespace's init behind are ended, where there is no namespace" {
	without_namespace pid
	script 'sleep 1000 & echo $! >&2; exit 0'
	orun run --detach "$id" 2>"$BATS_TEST_TMPDIR/pid"
	wait_for_status "$id" stopped
	orun delete "$id"
	gone() { ! kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")" 2>/dev/null; }
	wait_for 5 gone
	nothing_left
}

@test "groups that the container made below its own are removed too" {
	without_namespace cgroup
	configure '.linux.resources.pids.limit = 50'
	orun run --detach "$id"
	local group
	group=$(cgroups_named "$id" | grep -m 1 /pids/) || skip "there is no v1 pids hierarchy here"
	mkdir -p "$group/below/deeper"
	orun delete --force "$id"
	nothing_left
}

@test "a bundle that is gone does not keep its container from being deleted" {
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	mv "$bundle" "$bundle.gone"
	"$ORUN" --root "$state" delete "$id"
	mv "$bundle.gone" "$bundle"
	nothing_left
}

@test "of many deletes at once each sees an end or nothing" {
	local i pids=() wins=0
	program /bin/true
	orun run --detach "$id"
	wait_for_status "$id" stopped
	for i in {1..20}; do
		orun delete "$id" 2>>"$BATS_TEST_TMPDIR/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then wins=$((wins + 1)); fi
	done
	equals $wins 1
	equals "$(grep -vc "does not exist" "$BATS_TEST_TMPDIR/said" || true)" 0
	nothing_left
}

# stopped ID…: containers whose program has ended; their names begin with $id, so that their groups are found.
stopped()
{
	local name
	program /bin/true
	for name; do
		orun run --detach "$name"
		wait_for_status "$name" stopped
	done
}

@test "several containers are deleted at once" {
	stopped "$id" "$id-b" "$id-c"
	run -0 orun delete "$id" "$id-b" "$id-c"
	equals "$output" ""
	nothing_left
}

@test "one that cannot be deleted does not keep the others" {
	stopped "$id-a" "$id-c"
	script 'while :; do sleep 0.05; done'
	orun run --detach "$id-b"
	run -1 orun delete "$id-a" "$id-b" "$id-none" "$id-c"
	equals "${#lines[@]}" 2
	equals "${lines[0]}" "orun: cannot delete container $id-b that is not stopped: running; kill it first, or use --force"
	equals "${lines[1]}" "orun: container $id-none does not exist"
	equals "$(orun list -q)" "$id-b"
	run -0 orun delete --force "$id-none" "$id-b"
	equals "$output" ""
	nothing_left
}

@test "--regex deletes what matches, and nothing else" {
	stopped "$id-web1" "$id-web22" "$id-db"
	run -0 orun delete --regex "^$id-web[0-9]+\$"
	equals "$output" ""
	equals "$(orun list -q)" "$id-db"
	run -0 orun delete -r "no such name"
	equals "$(orun list -q)" "$id-db"
	run -0 orun delete --regex db "$id-(none)"
	nothing_left
}

@test "--regex --force ends them first" {
	orun run --detach "$id-a"
	orun create "$id-b"
	run -1 orun delete --regex "$id"
	equals "${#lines[@]}" 2
	orun delete --regex --force "$id"
	nothing_left
}

@test "an expression that is none is an error, and deletes nothing" {
	stopped "$id"
	run -1 orun delete --regex "("
	output_has "regular expression '('"
	run -1 orun delete --regex "$id" "["
	output_has "regular expression '['"
	equals "$(orun list -q)" "$id"
}

@test "--regex leaves alone what is no container's name" {
	stopped "$id"
	mkdir "$state/no container"
	touch "$state/no container/file"
	run -0 orun delete --regex "."
	[ -e "$state/no container/file" ]
	rm -r "$state/no container"
	nothing_left
}
