#!/usr/bin/env bats
# linux.intelRdt. No machine of ours has resctrl: a directory stands in for it, with the groups that resctrl's
# mkdir would fill made beforehand, and a mountinfo of orun's own says that it is resctrl.
# shellcheck disable=SC2016 # variables of other shells
load helpers

setup()
{
	make_bundle
	resctrl=$BATS_TEST_TMPDIR/resctrl
	mkdir -p "$resctrl/info" "$resctrl/gold/mon_groups"
	printf 'MB:0=100\nL3:0=7ff\n' >"$resctrl/schemata"
	printf '    MB:0= 20\n    L3:0=0f0\n' >"$resctrl/gold/schemata"
	touch "$resctrl/tasks" "$resctrl/gold/tasks"
	echo ok >"$resctrl/info/last_cmd_status"
}

teardown() { remove_containers; }

# with_resctrl COMMAND…: orun in a mount namespace where its own mountinfo has one line more.
with_resctrl()
{
	timeout 60 unshare -m --propagation private bash -euc '
		info=$1/mountinfo resctrl=$2
		shift 2
		{
			cat /proc/self/mountinfo
			echo "9999 1 0:99 / $resctrl rw - resctrl resctrl rw"
		} >"$info"
		mount --bind "$info" "/proc/$$/mountinfo"
		exec "$@"' - "$BATS_TEST_TMPDIR" "$resctrl" "$ORUN" --root "$state" "$@" \
		</dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
}

create_with_resctrl()
{
	with_resctrl create --bundle "$bundle" "$id"
}

refused_with_resctrl()
{
	local text
	run ! create_with_resctrl
	output=$(cat "$BATS_TEST_TMPDIR/said")
	for text; do
		output_has "$text"
	done
	nothing_left
}

@test "intelRdt: without resctrl there is no container, and a hint" {
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "this machine has resctrl"
	configure '.linux.intelRdt = {l3CacheSchema: "L3:0=f"}'
	create_fails "linux.intelRdt: resctrl is not mounted" "mount -t resctrl"
}

@test "intelRdt: a class that is there is joined, and left as it is" {
	configure '.linux.intelRdt = {closID: "gold"}'
	create_with_resctrl
	equals "$(cat "$resctrl/gold/tasks")" "$(pid_of "$id")"
	equals "$(jq -r .resctrlGroup "$state/$id/state.json")" "$resctrl/gold"
	orun delete --force "$id"
	[ -d "$resctrl/gold" ]
}

@test "intelRdt: the default class is the root of resctrl" {
	configure '.linux.intelRdt = {closID: "/"}'
	create_with_resctrl
	equals "$(cat "$resctrl/tasks")" "$(pid_of "$id")"
}

@test "intelRdt: a class with the schemas that are asked for is joined" {
	configure '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=f0", memBwSchema: "MB:0=20"}'
	create_with_resctrl
	equals "$(cat "$resctrl/gold/tasks")" "$(pid_of "$id")"
}

@test "intelRdt: a class with other schemas is refused" {
	configure '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=ff"}'
	refused_with_resctrl "resctrl group: linux.intelRdt: l3CacheSchema: 'L3:0=ff' is not what the group"
	equals "$(cat "$resctrl/gold/tasks")" ""
}

@test "intelRdt: a class that is not there needs schemata" {
	configure '.linux.intelRdt = {closID: "silver"}'
	refused_with_resctrl "linux.intelRdt.closID: there is no group"
	[ ! -e "$resctrl/silver" ]
}

@test "intelRdt: a create that fails takes away the group it made" {
	# The directory that stands in has no schemata: writing them fails.
	configure '.linux.intelRdt = {memBwSchema: "MB:0=20"}'
	echo "it does not suit" >"$resctrl/info/last_cmd_status"
	refused_with_resctrl schemata "resctrl says: it does not suit"
	[ ! -e "$resctrl/$id" ]
}

@test "intelRdt: delete removes the group that create made, and no other" {
	configure '.linux.intelRdt = {closID: "gold"}'
	create_with_resctrl
	mkdir "$resctrl/$id"
	jq --arg made "$resctrl/$id" '.resctrlMade = [$made]' <"$state/$id/state.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$state/$id/state.json"
	orun delete --force "$id"
	[ ! -e "$resctrl/$id" ]
	[ -d "$resctrl/gold" ]
}

@test "intelRdt: names and schemas that cannot be are refused" {
	configure '.linux.intelRdt = {closID: "a/b"}'
	create_fails linux.intelRdt.closID
	configure '.linux.intelRdt = {closID: ".."}'
	create_fails linux.intelRdt.closID
	configure '.linux.intelRdt = {memBwSchema: "L3:0=f"}'
	create_fails linux.intelRdt.memBwSchema
	configure '.linux.intelRdt = {schemata: ["L3:0=f\nMB:0=10"]}'
	create_fails 'linux.intelRdt.schemata[0]'
	configure '.linux.intelRdt = {closID: "info"}'
	refused_with_resctrl "no group can have the name 'info'"
}
