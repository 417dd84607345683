#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016,SC1003,SC2034 # variables of the helpers, and text of other languages
# orun restore: with a stand-in for criu, what it asks for, makes, says and takes back; and whole cycles of
# checkpoint and restore with the real criu, where the kernel lets it work.
load helpers
load criu

setup()
{
	receivers=()
	make_bundle
	images=$BATS_TEST_TMPDIR/images
	work=$BATS_TEST_TMPDIR/work
	pid_file=$BATS_TEST_TMPDIR/pid
	PATH=$PATH:/usr/sbin:/sbin
}

teardown()
{
	local receiver
	# The stand-in may have called none of them, and what it sends is no terminal that ends.
	for receiver in "${receivers[@]}"; do
		kill "$receiver" 2>/dev/null || true  # it has ended by itself
	done
	remove_containers
}

# Images as the stand-in needs them: none, but descriptors.json.
make_images()
{
	use_fake_criu
	mkdir -p "$images"
	echo "${1-[\"/dev/null\",\"pipe:[7]\",\"file[1f:a0]\"]}" >"$images/descriptors.json"
}

# ---- with the stand-in ----

@test "without options the request is the one that runc makes" {
	make_images
	restore_detached --image-path "$images"
	asked type=2 opts.log_level=4 opts.log_file=restore.log opts.notify_scripts=true \
		"opts.root=$state/$id/root" opts.rst_sibling=true opts.evasive_devices=true \
		opts.manage_cgroups=true opts.manage_cgroups_mode=6 opts.empty_ns=1073741824 \
		opts.orphan_pts_master=true opts.ext_mnt.key=/dev/null opts.ext_mnt.val=/dev/null
	for flag in ext_unix_sk tcp_established shell_job file_locks auto_dedup lazy_pages tcp_close; do
		asked "opts.$flag=false"
	done
	not_asked 'opts\.(ps|parent_img|track_mem|external|network_lock|lsm|pid)'
}

@test "each option reaches criu" {
	make_images
	restore_detached --image-path "$images" --work-path "$work" --tcp-established --tcp-close --ext-unix-sk \
		--shell-job --file-locks --manage-cgroups-mode ignore --empty-ns network --auto-dedup \
		--lazy-pages --lsm-profile apparmor:mine --lsm-mount-context system_u --network-lock nftables \
		-no-subreaper --no-pivot --bundle .
	asked opts.manage_cgroups_mode=0 opts.network_lock=2 opts.lsm_profile=apparmor:mine \
		opts.lsm_mount_context=system_u
	for flag in ext_unix_sk tcp_established shell_job file_locks auto_dedup lazy_pages tcp_close; do
		asked "opts.$flag=true"
	done
	[ -f "$work/restore.log" ]
	equals "$(stat -c %a "$work")" 700
}

@test "a restored container is one like any other" {
	make_images
	restore_detached --image-path "$images" --pid-file "$pid_file"
	equals "$(status_of "$id")" running
	equals "$(pid_of "$id")" "$(cat "$pid_file")"
	grep -q "$id" "/proc/$(cat "$pid_file")/cgroup"
	equals "$(tail -n 1 "$BATS_TEST_TMPDIR/output")" restored
	fails "container with given ID already exists" -- orun restore --detach --image-path "$images" "$id"
	equals "$(status_of "$id")" running
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}

@test "its own streams take the place of pipes and of files of the host, and of nothing else" {
	make_images '["pipe:[12]", "/dev/pts/0" ,"file[1f:a0]"]'
	restore_detached --image-path "$images"
	asked 'opts.inherit_fd.key=pipe:[12]' opts.inherit_fd.fd=0 'opts.inherit_fd.key=file[1f:a0]' \
		opts.inherit_fd.fd=2
	not_asked '(dev/pts|inherit_fd.fd=[13])'
}

@test "the container's groups are where its processes start, and what criu is told" {
	make_images
	restore_detached --image-path "$images"
	while IFS=: read -r _ controllers path; do
		asked "opts.cg_root.ctrl=${controllers%%,*}" "opts.cg_root.path=$path"
	done <"/proc/$(pid_of "$id")/cgroup"
}

@test "namespaces that are given by path are inherited or joined" {
	make_images
	configure '.linux.namespaces |= map(
		if .type == "network" then .path = "/proc/self/ns/net"
		elif .type == "ipc" then .path = "/proc/self/ns/ipc" else . end)'
	restore_detached --image-path "$images"
	asked opts.inherit_fd.key=extRootNetNS opts.inherit_fd.fd=4 opts.join_ns.ns=ipc \
		opts.join_ns.ns_file=/proc/self/ns/ipc
	orun delete --force "$id"
	configure '.linux.namespaces |= map(if .type == "network" then .path = "/absent" else . end)'
	fails "the net namespace '/absent': no such file or directory" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
	configure '.linux.namespaces |= map(if .type == "network" then del(.path)
		elif .type == "cgroup" then .path = "/proc/self/ns/cgroup" else . end)'
	fails "cannot restore into a given cgroup namespace" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
}

@test "prestart and createRuntime hooks run when the namespaces are there" {
	make_images
	configure --arg seen "$BATS_TEST_TMPDIR/seen" '.hooks = {
		prestart: [{path: "/bin/sh", args: ["sh", "-c", "cat >" + $seen]}],
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo >>" + $seen + "; pwd >>" + $seen]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "(echo; echo gone) >>" + $seen]}]}'
	restore_detached --image-path "$images"
	equals "$(head -n 1 "$BATS_TEST_TMPDIR/seen" | jq .pid)" "$(pid_of "$id")"
	equals "$(tail -n 1 "$BATS_TEST_TMPDIR/seen")" "$bundle"
	orun delete --force "$id"
	equals "$(tail -n 1 "$BATS_TEST_TMPDIR/seen")" gone
	configure '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails "createRuntime hook 0 (/bin/false): ended with status 1" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
	equals "$(tail -n 1 "$BATS_TEST_TMPDIR/seen")" gone
}

@test "mount points that the rootfs lacks are made, and what the host sees stays the same" {
	make_images
	mkdir -p "$BATS_TEST_TMPDIR/data/inner"
	configure --arg dir "$BATS_TEST_TMPDIR" '.mounts += [
		{destination: "/data", source: ($dir + "/data"), options: ["bind"]},
		{destination: "/data/inner/deep", source: ($dir + "/data"), options: ["bind"]},
		{destination: "/etc/file", source: "config.json", options: ["bind"]},
		{destination: "/dev/on-tmpfs", source: ($dir + "/data"), options: ["bind"]},
		{destination: "/new", type: "tmpfs"}]'
	restore_detached --image-path "$images"
	[ -d "$bundle/rootfs/new" ]
	[ -f "$bundle/rootfs/etc/file" ]
	[ -d "$BATS_TEST_TMPDIR/data/inner/deep" ]
	[ ! -e "$bundle/rootfs/data/inner" ]
	[ ! -e "$bundle/rootfs/dev/on-tmpfs" ]
	asked opts.ext_mnt.key=/data/inner/deep "opts.ext_mnt.val=$BATS_TEST_TMPDIR/data" \
		"opts.ext_mnt.val=$bundle/config.json"
	equals "$(grep -cF "$BATS_TEST_TMPDIR" /proc/self/mountinfo)" 0
	[ ! -e "$state/$id/root" ]
}

@test "in the foreground the exit status is the program's and the container is deleted" {
	make_images
	status=0
	orun restore --image-path "$images" --pid-file "$pid_file" "$id" </dev/null \
		>"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	waiting=$!
	wait_for 10 test -s "$pid_file"
	wait_for 10 grep -q restored "$BATS_TEST_TMPDIR/said"
	orun kill "$id" TERM
	wait "$waiting" || status=$?
	equals "$status" 7
	equals "$(cat "$BATS_TEST_TMPDIR/said")" restored
	nothing_left
}

@test "the terminal goes to --console-socket, and one is needed" {
	make_images
	configure '.process.terminal = true'
	export FAKE_CRIU=terminal:restore
	fails "process.terminal is true: who is to have the terminal?" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
	"$BATS_TEST_DIRNAME/receive-terminal" "$BATS_TEST_TMPDIR/socket" "$BATS_TEST_TMPDIR/terminal" 3>&- &
	receivers+=($!)
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket"
	restore_detached --image-path "$images" --console-socket "$BATS_TEST_TMPDIR/socket"
	wait_for 5 grep -q /dev/ptmx "$BATS_TEST_TMPDIR/terminal"
	orun delete --force "$id"
	export FAKE_CRIU=
	"$BATS_TEST_DIRNAME/receive-terminal" "$BATS_TEST_TMPDIR/socket2" "$BATS_TEST_TMPDIR/terminal2" \
		2>"$BATS_TEST_TMPDIR/receiver" 3>&- &
	receivers+=($!)
	wait_for 5 test -S "$BATS_TEST_TMPDIR/socket2"
	fails "the checkpoint has no terminal" -- orun restore --detach --image-path "$images" \
		--console-socket "$BATS_TEST_TMPDIR/socket2" "$id"
	nothing_left
}

@test "what is no checkpoint is refused before anything runs" {
	use_fake_criu
	fails "--image-path '$images': no such file or directory" -- \
		orun restore --detach --image-path "$images" "$id"
	mkdir "$images"
	fails "open descriptors.json" "is there a checkpoint in it?" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
	not_asked type=2
}

@test "without criu, or with one that is too old, nothing is made" {
	make_images
	FAKE_CRIU=version:21200 fails "CRIU version 21200 must be 30000 or higher" -- \
		orun restore --detach --image-path "$images" "$id"
	FAKE_CRIU=version:31500 fails "require at least CRIU 3.16" -- \
		orun restore --detach --image-path "$images" --lsm-profile a:b "$id"
	mkdir "$BATS_TEST_TMPDIR/empty"
	fails "executable file not found" -- env -C "$bundle" PATH="$BATS_TEST_TMPDIR/empty" "$ORUN" \
		--root "$state" restore --detach --image-path "$images" "$id"
	nothing_left
}

@test "whatever goes wrong in criu, the error tells and nothing is left" {
	make_images
	for case in "fail:restore=criu failed: no such file or directory; see $images/restore.log" \
		"fail:restore=the ?[31mcause | (00.000004) Error (fake.c:2): restore FAILED." \
		"die:restore=criu died of signal 9 without an answer" \
		"silent:restore=criu ended with status 0 without an answer" \
		"garbage:restore=message of criu: " "exit:restore=criu ended with status 3 after its answer" \
		"other:restore=answered something that was not asked" \
		"liar:restore=criu told of a process that is not our child"; do
		FAKE_CRIU=${case%%=*} fails "${case#*=}" -- orun restore --detach --image-path "$images" "$id"
		nothing_left
	done
}

@test "a restore that fails, or is killed, at any step leaves nothing that delete does not take away" {
	fault=$(dirname "$ORUN")/orun-fault
	make_images
	configure --arg dir "$BATS_TEST_TMPDIR" \
		'.mounts += [{destination: "/data", source: $dir, options: ["bind"]}]'
	restore_with()
	{
		(
			cd "$bundle"
			ORUN_FAULT=$1 ORUN_FAULT_LOG=$BATS_TEST_TMPDIR/steps exec timeout 20 "$fault" \
				--root "$state" restore --detach --image-path "$images" \
				--pid-file "$pid_file" "$id"
		) </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	}
	restore_with list
	orun delete --force "$id"
	mapfile -t steps < <(grep '^restore:' "$BATS_TEST_TMPDIR/steps")
	((${#steps[@]} >= 10))
	for step in "${steps[@]}"; do
		rm -f "$pid_file"
		! restore_with "fail:$step"
		[ ! -e "$pid_file" ]
		nothing_left
		! restore_with "kill:$step"
		orun delete --force "$id" 2>/dev/null || [ ! -e "$state/$id" ]
		wait_for 10 nothing_left
	done
}

# ---- with the real criu ----

# A container whose program writes one number after the other into /tmp/n of its own.
make_counter()
{
	script 'i=0; while :; do i=$((i+1)); echo $i >/tmp/n; sleep 0.02; done'
	configure '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
}

# The file is empty for a moment whenever it is written anew.
counted()
{
	local n=
	while [ -z "$n" ]; do
		n=$(orun exec "$id" cat /tmp/n) || return
	done
	echo "$n"
}

# counts_on_from NUMBER: it is beyond that, and goes on; from not much less than it.
counts_on_from()
{
	local first
	first=$(counted)
	((first >= $1 && first < $1 + 500))
	beyond() { (($(counted) > first)); }
	wait_for 5 beyond
}

try_checkpoint()
{
	local log=$images
	orun checkpoint --image-path "$images" "$@" "$id" || {
		grep Error "$log/dump.log"
		return 1
	}
}

try_restore()
{
	restore_detached --image-path "$images" "$@" || {
		cat "$BATS_TEST_TMPDIR/output"
		grep Error "$images/restore.log"
		return 1
	}
}

@test "criu: a program counts on where it was saved, twice in a row" {
	use_real_criu
	make_counter
	run_detached
	wait_for 5 counted
	for _ in 1 2; do
		before=$(counted)
		try_checkpoint
		nothing_left
		try_restore --pid-file "$pid_file"
		equals "$(pid_of "$id")" "$(cat "$pid_file")"
		counts_on_from "$before"
	done
	run orun ps --format json "$id"
	output_has "$(cat "$pid_file")"
	orun kill "$id" KILL
	wait_for_status "$id" stopped
	orun delete "$id"
	nothing_left
}

@test "criu: --leave-running saves and lets run" {
	use_real_criu
	make_counter
	run_detached
	wait_for 5 counted
	try_checkpoint --leave-running
	equals "$(status_of "$id")" running
	before=$(counted)
	counts_on_from "$before"
	orun delete --force "$id"
	try_restore
	counts_on_from 1
}

@test "criu: pre-dumps, each on top of the one before" {
	use_real_criu
	make_counter
	run_detached
	wait_for 5 counted
	orun checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/first" "$id" || skip_without mem_track
	equals "$(status_of "$id")" running
	orun checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/second" --parent-path ../first "$id"
	before=$(counted)
	try_checkpoint --parent-path ../second
	[ -e "$images/parent" ]
	try_restore
	counts_on_from "$before"
}

skip_without()
{
	criu check --feature "$1" >/dev/null 2>&1 && return 1
	skip "this kernel has no $1"
}

# converse WORD ANSWER COMMAND…: runs the command with pipes as its streams, types the word, reads the answer.
converse()
{
	local said in out feeder taker status=0
	rm -f "$BATS_TEST_TMPDIR"/{in,out}
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	exec 7<>"$BATS_TEST_TMPDIR/in" 8<>"$BATS_TEST_TMPDIR/out"
	# The pipes between them are anonymous: a FIFO would be a file of the host.
	exec {in}< <(exec cat <&7 7>&- 8>&- 3>&-)
	feeder=$!
	exec {out}> >(exec cat >&8 7>&- 8>&- 3>&-)
	taker=$!
	"${@:3}" <&"$in" >&"$out" 2>"$BATS_TEST_TMPDIR/output" 7>&- 8>&- {in}<&- {out}>&- || status=$?
	exec {in}<&- {out}>&-
	echo "$1" >&7
	read -r -t 10 -u 8 said || said="nothing, after status $status"
	kill "$feeder" "$taker" 2>/dev/null || true # they may have ended with their pipe
	exec 7>&- 8>&-
	equals "$said" "$2"
}

@test "criu: pipes of the caller's are put back in place" {
	use_real_criu
	# The end of its input, when the first feeder goes, is not the end of it.
	script 'i=0; while :; do while read -r line; do i=$((i+1)); echo "$i $line"; done; sleep 0.05; done'
	converse a "1 a" orun run --detach "$id"
	try_checkpoint
	converse b "2 b" orun restore --detach --image-path "$images" "$id"
}

@test "criu: a terminal, and its new master by --console-socket" {
	use_real_criu
	script 'i=0; while read -r line; do i=$((i+1)); echo "$i: $line"; done'
	configure '.process.terminal = true'
	"$BATS_TEST_DIRNAME/receive-terminal" "$BATS_TEST_TMPDIR/s1" "$BATS_TEST_TMPDIR/t1" $'one\n' 3>&- &
	wait_for 5 test -S "$BATS_TEST_TMPDIR/s1"
	orun run --detach --console-socket "$BATS_TEST_TMPDIR/s1" "$id" </dev/null \
		>"$BATS_TEST_TMPDIR/output" 2>&1
	wait_for 5 grep -q "1: one" "$BATS_TEST_TMPDIR/t1"
	try_checkpoint
	"$BATS_TEST_DIRNAME/receive-terminal" "$BATS_TEST_TMPDIR/s2" "$BATS_TEST_TMPDIR/t2" $'two\n' 3>&- &
	wait_for 5 test -S "$BATS_TEST_TMPDIR/s2"
	try_restore --console-socket "$BATS_TEST_TMPDIR/s2"
	wait_for 5 grep -q "2: two" "$BATS_TEST_TMPDIR/t2"
	orun delete --force "$id"
}

# subject MODE FILE: what criu-subject.c does is the container's program.
subject()
{
	command -v cc >/dev/null || skip "the program to be saved needs a C compiler"
	cc -O2 -static -o "$bundle/rootfs/bin/subject" "$BATS_TEST_DIRNAME/criu-subject.c"
	program /bin/subject "$@"
}

@test "criu: TCP connections inside the container stay open" {
	use_real_criu
	command -v iptables-restore >/dev/null || skip "criu locks the network by iptables, which is missing"
	make_counter
	subject tcp /tmp/n
	configure '.process.capabilities |= map_values(. + ["CAP_NET_ADMIN"])'
	# As an engine does: the interfaces of a restored network namespace are its business.
	configure '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"nsenter -t $(sed \"s/.*pid\\\":\\([0-9]*\\).*/\\1/\") -n ip link set lo up"],
		env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	command -v ip >/dev/null || skip "the hook needs ip"
	run_detached
	wait_for 5 counted
	fails "see $images/dump.log" "tcp" -- orun checkpoint --image-path "$images" "$id"
	equals "$(status_of "$id")" running
	before=$(counted)
	try_checkpoint --tcp-established
	try_restore --tcp-established
	counts_on_from "$before"
}

@test "criu: a network namespace that was given is used again" {
	use_real_criu
	make_counter
	unshare --net sleep 300 </dev/null >/dev/null 2>&1 3>&- &
	holder=$!
	wait_for 5 test -e "/proc/$holder/ns/net"
	configure --arg path "/proc/$holder/ns/net" '.linux.namespaces |= map(
		if .type == "network" then .path = $path else . end)'
	run_detached
	wait_for 5 counted
	before=$(counted)
	try_checkpoint
	try_restore
	counts_on_from "$before"
	equals "$(namespace_of "$(pid_of "$id")" net)" "$(namespace_of "$holder" net)"
	kill "$holder"
	wait "$holder" || true # it was killed
}

@test "criu: mounts of the host come back, also behind a link" {
	use_real_criu
	make_counter
	mkdir -p "$BATS_TEST_TMPDIR/data" "$bundle/rootfs/var" "$bundle/rootfs/run"
	ln -s ../run "$bundle/rootfs/var/run"
	echo file >"$BATS_TEST_TMPDIR/file"
	configure --arg dir "$BATS_TEST_TMPDIR" '.root.readonly = false | .mounts += [
		{destination: "/var/run/data", type: "bind", source: ($dir + "/data"), options: ["rbind"]},
		{destination: "/etc/file", source: ($dir + "/file"), options: ["bind", "ro"]}]'
	run_detached
	wait_for 5 counted
	before=$(counted)
	try_checkpoint
	echo changed >"$BATS_TEST_TMPDIR/data/new"
	try_restore
	counts_on_from "$before"
	equals "$(orun exec "$id" cat /run/data/new)" changed
	equals "$(orun exec "$id" cat /etc/file)" file
}

@test "criu: file locks are saved with --file-locks" {
	use_real_criu
	command -v flock >/dev/null || skip "flock is not installed"
	configure '.root.readonly = false'
	subject lock /tmp/lock
	run_detached
	locked() { ! flock -n "$bundle/rootfs/tmp/lock" true; }
	wait_for 5 test -e "$bundle/rootfs/tmp/lock"
	wait_for 5 locked
	fails "" -- orun checkpoint --image-path "$BATS_TEST_TMPDIR/refused" "$id"
	equals "$(status_of "$id")" running
	try_checkpoint --file-locks
	flock -n "$bundle/rootfs/tmp/lock" true
	try_restore --file-locks
	locked
}

@test "criu: a restore in the foreground passes signals on and returns the status" {
	use_real_criu
	script 'trap "exit 5" USR1; while :; do sleep 0.05; done'
	run_detached
	wait_for_status "$id" running
	sleep 0.3 # the trap is set
	try_checkpoint
	(
		cd "$bundle"
		exec "$ORUN" --root "$state" restore --image-path "$images" --pid-file "$pid_file" "$id"
	) </dev/null >>"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
	waiting=$!
	wait_for 20 test -s "$pid_file"
	kill -USR1 "$waiting"
	status=0
	wait "$waiting" || status=$?
	equals "$status" 5
	nothing_left
}

@test "criu: a checkpoint whose mount is missing on the host is not restored, and nothing is left" {
	use_real_criu
	make_counter
	mkdir "$BATS_TEST_TMPDIR/data"
	configure --arg dir "$BATS_TEST_TMPDIR/data" \
		'.root.readonly = false | .mounts += [{destination: "/mnt", source: $dir, options: ["bind"]}]'
	run_detached
	wait_for 5 counted
	try_checkpoint
	rmdir "$BATS_TEST_TMPDIR/data"
	fails "mounts[" "no such file or directory" "must be there again" -- \
		orun restore --detach --image-path "$images" "$id"
	nothing_left
	# Not even config.json may bring one in that was not there.
	configure 'del(.mounts[-1])'
	fails "see $images/restore.log" -- orun restore --detach --image-path "$images" "$id"
	nothing_left
}
