#!/usr/bin/env bats
# orun info: what this host offers, and why it does not.
load helpers

setup() { make_bundle; }
teardown() { remove_containers; }

# available NAME: true or false
available() { "$ORUN" info --format json | jq -r --arg name "$1" '.[$name].available'; }

@test "info prints a line for each thing, yes or no, and a reason for each no" {
	run -0 --separate-stderr "$ORUN" info
	# shellcheck disable=SC2154 # bats sets it
	equals "$stderr" ""
	[ "${#lines[@]}" -ge 30 ]
	local line
	for line in "${lines[@]}"; do
		[[ $line =~ ^[A-Za-z0-9_\ ]+\ +(yes|no\ +[^ ]) ]] || {
			echo "$line" >&2
			return 1
		}
	done
}

@test "json says the same as text" {
	run -0 "$ORUN" info --format json
	equals "$(jq -r 'to_entries[] | "\(.key) \(if .value.available then "yes" else "no" end) \(.value.detail)"' <<<"$output" |
		sed 's/  *$//')" "$("$ORUN" info | sed 's/  */ /g')"
	jq -e 'all(.[]; .available or .detail != "")' <<<"$output"
}

@test "what is said of this kernel is so" {
	run -0 "$ORUN" info
	output_has "Linux $(uname -r) $(uname -m)"
	equals "$(available "user namespace")" "$(unshare -U true 2>/dev/null && echo true || echo false)"
	equals "$(available "time namespace")" "$(unshare -T true 2>/dev/null && echo true || echo false)"
	equals "$(available systemd)" "$([ -d /run/systemd/system ] && echo true || echo false)"
	equals "$(available SELinux)" "$([ -e /sys/fs/selinux/enforce ] && echo true || echo false)"
}

@test "a host without control groups has none" {
	run -0 unshare -m sh -c 'umount -a -t cgroup,cgroup2 && exec "$0" info --format json' "$ORUN"
	jq -e '(.cgroups.available, ."cgroup controllers".available, ."new cgroups".available) == false' <<<"$output"
	equals "$(jq -r .cgroups.detail <<<"$output")" "no cgroup file system is mounted"
}

@test "an ordinary user is told what root is needed for" {
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	# What bats makes, others cannot enter.
	local folder
	folder=$(mktemp -d /tmp/orun-info.XXXXXX)
	cp "$ORUN" "$folder/orun"
	chmod 755 "$folder" "$folder/orun"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$folder/orun" info --format json
	rm -r "$folder"
	equals "$status" 0
	jq -e '."new mounts".available == false and (."new mounts".detail | contains("operation not permitted"))' <<<"$output"
	jq -e '."mount namespace".detail == "operation not permitted"' <<<"$output"
	jq -e '."new cgroups".available == false' <<<"$output"
	jq -e '.openat2.available' <<<"$output"
}

@test "info makes no state root and no container" {
	run -0 "$ORUN" --root "$BATS_TEST_TMPDIR/none" info
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "an unknown format, an argument and an output that nobody can take are errors" {
	run -1 "$ORUN" info --format xml
	output_has "--format 'xml': is neither text nor json"
	run -1 "$ORUN" info x
	output_has "info: wants no arguments"
	# shellcheck disable=SC2016 # a variable of the inner shell
	run -1 sh -c '"$0" info >/dev/full' "$ORUN"
	output_has "no space left on device"
}
