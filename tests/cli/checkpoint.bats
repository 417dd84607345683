#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016,SC1003,SC2034 # variables of the helpers, and text of other languages
# orun checkpoint: what it asks criu for, what it does with the container, and what it says when criu fails.
# criu itself is a stand-in here; restore.bats has cycles with the real one.
load helpers
load criu

setup()
{
	make_bundle
	use_fake_criu
	images=$BATS_TEST_TMPDIR/images
	work=$BATS_TEST_TMPDIR/work
}

teardown() { remove_containers; }

@test "without options the request is the one that runc makes" {
	run_detached
	pid=$(pid_of "$id")
	orun checkpoint --image-path "$images" "$id"
	asked type=1 "opts.pid=$pid" opts.log_level=4 opts.log_file=dump.log opts.notify_scripts=true \
		"opts.root=$bundle/rootfs" opts.manage_cgroups=true opts.manage_cgroups_mode=6 \
		opts.empty_ns=1073741824 opts.orphan_pts_master=true
	for flag in leave_running ext_unix_sk tcp_established shell_job file_locks auto_dedup link_remap \
		tcp_skip_in_flight lazy_pages; do
		asked "opts.$flag=false"
	done
	not_asked 'opts\.(ps|parent_img|track_mem|network_lock|lsm)'
	asked_matching 'opts\.images_dir_fd=[0-9]+'
	asked_matching 'opts\.work_dir_fd=[0-9]+'
}

@test "each option reaches criu" {
	run_detached
	mkdir -p "$BATS_TEST_TMPDIR/parent"
	orun checkpoint --image-path "$images" --work-path "$work" --parent-path ../parent --leave-running \
		--tcp-established --tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --lazy-pages \
		--page-server 10.0.0.1:27 --file-locks --manage-cgroups-mode full --empty-ns network \
		--auto-dedup --network-lock skip "$id"
	asked type=1 opts.parent_img=../parent opts.track_mem=true opts.ps.address=10.0.0.1 opts.ps.port=27 \
		opts.manage_cgroups_mode=4 opts.network_lock=3 opts.empty_ns=1073741824
	for flag in leave_running ext_unix_sk tcp_established shell_job file_locks auto_dedup link_remap \
		tcp_skip_in_flight lazy_pages; do
		asked "opts.$flag=true"
	done
	[ -f "$work/dump.log" ]
	equals "$(status_of "$id")" running
}

@test "each mode of managing control groups has its number" {
	run_detached
	for pair in soft:3 full:4 strict:5 ignore:0; do
		orun checkpoint --leave-running --image-path "$images" --manage-cgroups-mode "${pair%:*}" "$id"
		asked "opts.manage_cgroups_mode=${pair#*:}"
	done
	fails "invalid --manage-cgroups-mode value 'odd'" -- \
		orun checkpoint --image-path "$images" --manage-cgroups-mode odd "$id"
	fails "invalid --network-lock value 'odd'" -- \
		orun checkpoint --image-path "$images" --network-lock odd "$id"
	fails 'namespace "pid" is not supported' -- \
		orun checkpoint --image-path "$images" --empty-ns pid "$id"
}

@test "a page server is ADDRESS:PORT, with brackets for IPv6" {
	run_detached
	orun checkpoint --leave-running --image-path "$images" --page-server '[fe80::1]:65535' "$id"
	asked opts.ps.address=fe80::1 opts.ps.port=65535
	for wrong in 10.0.0.1 :27 10.0.0.1: fe80::1:27; do
		fails "Use --page-server ADDRESS:PORT to specify page server" -- \
			orun checkpoint --leave-running --image-path "$images" --page-server "$wrong" "$id"
	done
	for wrong in a:b a:0 a:65536 a:-1; do
		fails "Invalid port number" -- \
			orun checkpoint --leave-running --image-path "$images" --page-server "$wrong" "$id"
	done
}

@test "mounts of the host, masked paths and control groups are external" {
	mkdir -p "$BATS_TEST_TMPDIR/data" "$bundle/rootfs/var" "$bundle/rootfs/run"
	ln -s ../run "$bundle/rootfs/var/run"
	echo x >"$BATS_TEST_TMPDIR/file"
	configure --arg dir "$BATS_TEST_TMPDIR" '.root.readonly = false | .mounts += [
		{destination: "/var/run/data/", type: "bind", source: ($dir + "/data"), options: ["rbind"]},
		{destination: "/file", source: ($dir + "/file"), options: ["bind", "ro"]}]'
	run_detached
	orun checkpoint --image-path "$images" "$id"
	asked opts.ext_mnt.key=/run/data opts.ext_mnt.val=/run/data opts.ext_mnt.key=/file \
		opts.ext_mnt.key=/proc/keys opts.ext_mnt.val=/dev/null
	not_asked 'ext_mnt.key=/(dev|proc|sys|dev/shm|var/run/data)$'
	if [ -d /sys/fs/cgroup/freezer ]; then
		asked opts.ext_mnt.key=/sys/fs/cgroup/freezer
		asked_matching "opts\.freeze_cgroup=/sys/fs/cgroup/freezer.*$id"
	else
		asked opts.ext_mnt.key=/sys/fs/cgroup
		asked_matching "opts\.freeze_cgroup=/sys/fs/cgroup.*$id"
	fi
}

@test "a network namespace that was given is external, by its number" {
	configure '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	run_detached
	number=$(namespace_of "$(pid_of "$id")" net | tr -dc 0-9)
	orun checkpoint --leave-running --image-path "$images" "$id"
	asked "opts.external=net[$number]:extRootNetNS"
}

@test "descriptors.json names pipes, and what of the host the streams are" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# shellcheck disable=SC2034 # kept open
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	orun run --detach "$id" </dev/null 2>>"$BATS_TEST_TMPDIR/output" > >(cat >/dev/null)
	pid=$(pid_of "$id")
	pipe=$(readlink "/proc/$pid/fd/1")
	orun checkpoint --leave-running --image-path "$images" "$id"
	exec 7>&-
	equals "$(jq -r '.[1]' "$images/descriptors.json")" "$pipe"
	for fd in 0 2; do
		mount=$(awk '/mnt_id/ { printf "%x", $2 }' "/proc/$pid/fdinfo/$fd")
		inode=$(printf %x "$(stat -Lc %i "/proc/$pid/fd/$fd")")
		equals "$(jq -r ".[$fd]" "$images/descriptors.json")" "file[$mount:$inode]"
		asked "opts.external=file[$mount:$inode]"
	done
	equals "$(stat -c %a "$images/descriptors.json")" 600
}

@test "the container is gone afterwards, with its poststop hooks run" {
	configure --arg seen "$BATS_TEST_TMPDIR/seen" \
		'.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", "cat >" + $seen]}]'
	run_detached
	orun checkpoint --image-path "$images" "$id"
	nothing_left
	equals "$(jq -r .status "$BATS_TEST_TMPDIR/seen")" stopped
	fails "does not exist" -- orun state "$id"
}

@test "a pre-dump is of memory alone and leaves the container running" {
	run_detached
	orun checkpoint --pre-dump --image-path "$images" "$id"
	asked type=9 features.mem_track=true type=4
	not_asked ext_mnt
	[ ! -e "$images/descriptors.json" ]
	equals "$(status_of "$id")" running
}

@test "--parent-path is relative, and leads to a directory" {
	run_detached
	fails "--parent-path must be relative" -- \
		orun checkpoint --image-path "$images" --parent-path "$BATS_TEST_TMPDIR" "$id"
	fails "invalid --parent-path" "no such file or directory" -- \
		orun checkpoint --image-path "$images" --parent-path ../absent "$id"
	touch "$images/file"
	fails "invalid --parent-path" "not a directory" -- \
		orun checkpoint --image-path "$images" --parent-path file "$id"
	equals "$(status_of "$id")" running
}

@test "images go to ./checkpoint when nothing else is said, for their owner's eyes" {
	run_detached
	orun checkpoint --leave-running "$id"
	[ -f "$bundle/checkpoint/descriptors.json" ]
	equals "$(stat -c %a "$bundle/checkpoint")" 700
	orun checkpoint --leave-running --image-path "$images" --work-path "$work" "$id"
	equals "$(stat -c %a "$images" "$work" | sort -u)" 700
}

@test "only what runs, or is paused, can be checkpointed" {
	orun create "$id" </dev/null >"$BATS_TEST_TMPDIR/output" 2>&1
	fails "Container cannot be checkpointed in created state" -- \
		orun checkpoint --image-path "$images" "$id"
	orun start "$id"
	orun pause "$id"
	orun checkpoint --leave-running --image-path "$images" "$id"
	equals "$(status_of "$id")" paused
	orun resume "$id"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	fails "Container cannot be checkpointed in stopped state" -- \
		orun checkpoint --image-path "$images" "$id"
	fails "container absent does not exist" -- orun checkpoint --image-path "$images" absent
	[ ! -e "$requests" ] || not_asked '^type=2$'
}

@test "--status-fd gets one NUL and its end when pages can be had" {
	run_detached
	timeout 20 bash -c 'cd "$1" && "$2" --root "$3" checkpoint --leave-running --lazy-pages --status-fd 9 \
		--image-path "$4" "$5" 9>&1 >/dev/null' - "$bundle" "$ORUN" "$state" "$images" "$id" |
		od -An -c >"$BATS_TEST_TMPDIR/status"
	equals "$(tr -d ' ' <"$BATS_TEST_TMPDIR/status")" '\0'
	asked features.lazy_pages=true
	fails "invalid --status-fd argument 77" -- \
		orun checkpoint --image-path "$images" --status-fd 77 "$id"
	fails "invalid --status-fd argument 0: not writable" -- \
		orun checkpoint --image-path "$images" --status-fd 0 "$id"
	fails "invalid --status-fd argument 'x'" -- orun checkpoint --image-path "$images" --status-fd x "$id"
	equals "$(status_of "$id")" running
}

@test "annotations choose another file of options for criu, or none" {
	run_detached
	orun checkpoint --leave-running --image-path "$images" "$id"
	asked_matching 'opts\.config_file=/etc/criu/(orun|runc).conf'
	orun delete --force "$id"
	configure '.annotations["org.criu.config"] = "/etc/mine.conf"'
	run_detached
	orun checkpoint --leave-running --image-path "$images" "$id"
	asked opts.config_file=/etc/mine.conf
	orun delete --force "$id"
	configure '.annotations["org.criu.config"] = ""'
	run_detached
	rm "$requests"
	orun checkpoint --leave-running --image-path "$images" "$id"
	not_asked config_file
}

@test "without criu the error says where it was looked for" {
	run_detached
	mkdir "$BATS_TEST_TMPDIR/empty"
	fails 'exec: "criu": executable file not found in $PATH' "PATH is $BATS_TEST_TMPDIR/empty" -- \
		env -C "$bundle" PATH="$BATS_TEST_TMPDIR/empty" "$ORUN" --root "$state" checkpoint \
		--image-path "$images" "$id"
	# A program of the bundle's is not the host's.
	cp "$BATS_TEST_TMPDIR/criu/criu" "$bundle/criu"
	fails "relative directory" -- env -C "$bundle" PATH=: "$ORUN" --root "$state" checkpoint \
		--image-path "$images" "$id"
	[ ! -e "$requests" ]
}

@test "a criu that is too old, or lacks what is asked for, is refused" {
	run_detached
	FAKE_CRIU=version:21200 fails "CRIU version 21200 must be 30000 or higher" -- \
		orun checkpoint --image-path "$images" "$id"
	FAKE_CRIU=lacks: fails "criu is missing features" "no memory tracking" -- \
		orun checkpoint --pre-dump --image-path "$images" "$id"
	FAKE_CRIU=lacks: fails "criu is missing features" "no lazy pages" -- \
		orun checkpoint --lazy-pages --image-path "$images" "$id"
	FAKE_CRIU=version:31400 fails "--status-fd needs criu 3.15" -- \
		orun checkpoint --status-fd 2 --image-path "$images" "$id"
	not_asked '^type=1$'
}

@test "criu's failure names its log and quotes the errors in it, harmlessly" {
	run_detached
	FAKE_CRIU=fail:dump fails "checkpoint: criu: criu failed: no such file or directory; see $images/dump.log" \
		"the ?[31mcause | (00.000004) Error (fake.c:2): dump FAILED." -- \
		orun checkpoint --image-path "$images" "$id"
	FAKE_CRIU=fail:pre-dump fails "see $work/dump.log" -- \
		orun checkpoint --pre-dump --image-path "$images" --work-path "$work" "$id"
	equals "$(status_of "$id")" running
}

@test "whatever else criu does, the container runs on and the error tells" {
	run_detached
	for case in "die:version=died of signal 9 without an answer; it said: a last word" \
		"silent:version=criu ended with status 0 without an answer" \
		"fail:version=criu failed" "garbage:version=cut short" \
		"other:version=answered something that was not asked" "die:features=died of signal 9" \
		"die:pre-dump=died of signal 9"; do
		FAKE_CRIU=${case%%=*} fails "${case#*=}" -- \
			orun checkpoint --pre-dump --image-path "$images" "$id"
	done
	for case in "die:dump=died of signal 9" "silent:dump=ended with status 0 without an answer" \
		"garbage:dump=message of criu: " "other:dump=answered something that was not asked"; do
		FAKE_CRIU=${case%%=*} fails "${case#*=}" -- \
			orun checkpoint --leave-running --image-path "$images" "$id"
	done
	FAKE_CRIU=exit:dump fails "criu ended with status 3 after its answer" -- \
		orun checkpoint --leave-running --image-path "$images" "$id"
	equals "$(status_of "$id")" running
}

@test "a criu that does not even tell its version is waited for 10 seconds" {
	run_detached
	SECONDS=0
	FAKE_CRIU=hang:version fails "criu did not answer within 10 s" -- \
		orun checkpoint --image-path "$images" "$id"
	((SECONDS >= 9 && SECONDS < 20))
	equals "$(status_of "$id")" running
}

@test "a killed checkpoint leaves the container running and criu without a master" {
	run_detached
	(
		cd "$bundle"
		FAKE_CRIU=hang:dump exec "$ORUN" --root "$state" checkpoint --image-path "$images" "$id"
	) </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	orun_pid=$!
	wait_for 10 asked type=1
	criu_pid=$(cat "/proc/$orun_pid/task/$orun_pid/children")
	kill -9 "$orun_pid"
	wait "$orun_pid" || true # it was killed
	# shellcheck disable=SC2086 # one number and a space
	gone() { ! kill -0 $criu_pid 2>/dev/null; }
	wait_for 10 gone
	equals "$(status_of "$id")" running
	orun delete --force "$id"
	nothing_left
}

@test "directories that everybody may write to are refused" {
	run_detached
	mkdir -m 777 "$images" "$work"
	fails "--image-path '$images': everybody may write to it" -- \
		orun checkpoint --image-path "$images" "$id"
	fails "--work-path '$work': everybody may write to it" -- \
		orun checkpoint --image-path "$BATS_TEST_TMPDIR/other" --work-path "$work" "$id"
	equals "$(status_of "$id")" running
}

@test "a container without a mount namespace of its own cannot be saved" {
	without_namespace mount
	configure 'del(.linux.maskedPaths, .linux.readonlyPaths) | .mounts = []'
	run_detached
	fails "CRIU wants a mount namespace that is the container's own" -- \
		orun checkpoint --image-path "$images" "$id"
}

@test "--help works, as Podman asks for it" {
	run orun checkpoint --help
	equals "$status" 0
	output_has "--image-path"
}
