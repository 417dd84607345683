#!/usr/bin/env bats
# mounts: every kind and every option, as /proc/self/mountinfo in the container tells them.
load helpers

setup()
{
	make_bundle
	source=$BATS_TEST_TMPDIR/source
	mkdir -p "$source/below"
	echo content >"$source/file"
	outer=
}
teardown()
{
	[ -z "$outer" ] || umount --lazy --recursive "$outer"
	remove_containers
}


# bind DESTINATION OPTION…: binds $source there.
bind()
{
	local destination=$1
	shift
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	configure --arg to "$destination" --arg from "$source" --arg options "$*" \
		'.mounts += [{destination: $to, source: $from, type: "bind", options: ($options / " ")}]'
}

make_submount()
{
	outer=$source/below
	mount -t tmpfs sub "$outer"
	echo sub >"$outer/sub-file"
}

# options_of DESTINATION: the mount's own options, as one word; in $output after inside.
show() { inside "grep ' $1 ' /proc/self/mountinfo || echo none"; }

@test "bind shows the directory, without what is mounted below it" {
	make_submount
	bind /tmp bind
	inside 'cat /tmp/file; ls /tmp/below'
	equals "$output" content
}

@test "rbind takes along what is mounted below" {
	make_submount
	bind /tmp rbind
	inside 'cat /tmp/below/sub-file'
	equals "$output" sub
}

@test "the type may be left out, none, or anything else when an option says bind" {
	for type in '"none"' '"bind"' '"whatever"' null; do
		configure --arg from "$source" --argjson type "$type" '.mounts |= map(select(.destination != "/tmp"))
			| .mounts += [{destination: "/tmp", source: $from, options: ["rbind"]}
				+ if $type == null then {} else {type: $type} end]'
		inside 'cat /tmp/file'
		equals "$output" content
	done
}

@test "type bind without the option binds too, or is refused as runc refuses it" {
	bind /tmp rw
	inside 'cat /tmp/file'
	equals "$output" content
}

@test "a file is bound on a file, and the file is made when it is missing" {
	source=$source/file
	configure '.root.readonly = false'
	bind /etc/passwd bind,ro
	configure '.mounts[-1].options = ["bind", "ro"]'
	bind /made/for/it bind
	inside 'cat /etc/passwd /made/for/it'
	equals "$output" $'content\ncontent'
	[ -f "$bundle/rootfs/made/for/it" ]
}

@test "a relative source is looked for in the bundle" {
	mkdir "$bundle/data"
	echo mine >"$bundle/data/file"
	add_mount '{"destination": "/tmp", "source": "data", "options": ["bind"]}'
	inside 'cat /tmp/file'
	equals "$output" mine
}

@test "a missing source is named" {
	add_mount '{"destination": "/tmp", "source": "/absent/source", "options": ["bind"]}'
	create_fails /absent/source "no such file or directory" "mounts["
}

@test "a missing destination is made, with its parents" {
	configure '.root.readonly = false'
	bind /a/b/c bind
	inside 'cat /a/b/c/file'
	equals "$output" content
}

@test "a directory on a file and a file on a directory are refused" {
	bind /etc/passwd bind
	create_fails /etc/passwd
	configure 'del(.mounts[-1])'
	source=$source/file
	bind /tmp bind
	create_fails /tmp
}

@test "ro and rw" {
	bind /tmp bind ro
	inside 'touch /tmp/new 2>&1; echo $?'
	output_has "Read-only file system"
	configure '.mounts[-1].options = ["bind", "ro", "rw"]'
	inside 'touch /tmp/new; echo $?'
	equals "$output" 0
}

@test "each flag is set, and its opposite takes it back" {
	# word:what mountinfo says
	for pair in ro:ro nosuid:nosuid nodev:nodev noexec:noexec noatime:noatime nodiratime:nodiratime \
		relatime:relatime nosymfollow:nosymfollow; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		bind /tmp bind "${pair%:*}"
		show /tmp
		[[ ,$(cut -d' ' -f6 <<<"$output"), == *,"${pair#*:}",* ]] || { echo "$pair: $output" >&2; false; }
	done
	for pair in nosuid:suid nodev:dev noexec:exec ro:rw noatime:atime nosymfollow:symfollow nodiratime:diratime; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		bind /tmp bind "${pair%:*}" "${pair#*:}"
		show /tmp
		[[ ,$(cut -d' ' -f6 <<<"$output"), != *,"${pair%:*}",* ]] || { echo "$pair: $output" >&2; false; }
	done
}

@test "strictatime leaves no word, as the kernel writes it" {
	bind /tmp bind strictatime
	show /tmp
	[[ $(cut -d' ' -f6 <<<"$output") != *atime* ]]
}

@test "the recursive flags reach what is mounted below" {
	make_submount
	for pair in rro:ro rnosuid:nosuid rnodev:nodev rnoexec:noexec rnoatime:noatime rnodiratime:nodiratime \
		rnosymfollow:nosymfollow; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		bind /tmp rbind "${pair%:*}"
		inside "awk '\$5 ~ \"^/tmp\" { print \$5, \$6 }' /proc/self/mountinfo"
		equals "${#lines[@]}" 2
		for line in "${lines[@]}"; do
			[[ ,${line#* }, == *,"${pair#*:}",* ]] || { echo "$pair: $line" >&2; false; }
		done
	done
}

@test "ro does not reach what is mounted below, rro does, and the host stays as it was" {
	make_submount
	bind /tmp rbind ro
	inside 'touch /tmp/below/new; echo $?'
	equals "$output" 0
	configure '.mounts[-1].options = ["rbind", "rro"]'
	inside 'touch /tmp/below/new2 2>&1; true'
	output_has "Read-only"
	touch "$source/below/host"
}

@test "rrw takes rro back, and a recursive flag may be taken from the source" {
	make_submount
	mount -o remount,bind,ro "$outer"
	bind /tmp rbind rrw
	inside 'touch /tmp/below/new; echo $?'
	equals "$output" 0
}

@test "propagation words" {
	outer=$source
	mount --bind "$source" "$source"
	mount --make-shared "$source"
	for pair in shared:shared: rshared:shared: slave:master: rslave:master: unbindable:unbindable runbindable:unbindable; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		bind /tmp rbind "${pair%%:*}"
		show /tmp
		output_has "${pair#*:}"
	done
	for word in private rprivate; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		bind /tmp rbind $word
		show /tmp
		[[ $output != *shared:* && $output != *master:* ]]
	done
}

@test "a mount on the host reaches a slave" {
	outer=$source
	mount --bind "$source" "$source"
	mount --make-shared "$source"
	bind /tmp rbind rslave
	configure '.root.readonly = false'
	script 'while [ ! -e /tmp/below/arrived ]; do sleep 0.05; done; exit 9'
	orun run --detach "$id"
	mount -t tmpfs later "$source/below"
	touch "$source/below/arrived"
	wait_for_status "$id" stopped
}

@test "tmpfs: size, mode, owner and the flags" {
	add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
		"options": ["size=1m", "mode=1750", "uid=5", "gid=6", "nosuid", "noexec"]}'
	inside 'stat -c "%a %u %g" /tmp; grep " /tmp " /proc/self/mountinfo; head -c 2000000 /dev/zero >/tmp/x 2>&1; true'
	equals "${lines[0]}" "1750 5 6"
	output_has size=1024k
	output_has nosuid
	output_has noexec
}

@test "a tmpfs without mode keeps the mode of the directory below it" {
	need_runc
	mkdir -m 1711 "$bundle/rootfs/odd"
	add_mount '{"destination": "/odd", "type": "tmpfs", "source": "tmpfs"}'
	same_as_runc 'stat -c %a /odd'
}

@test "a read-only tmpfs" {
	add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}'
	inside 'touch /tmp/x 2>&1; true'
	output_has "Read-only"
}

@test "what is mounted on a read-only tmpfs is there all the same" {
	add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}'
	bind /tmp/inner bind
	inside 'cat /tmp/inner/file; touch /tmp/x 2>&1; true'
	output_has content
	output_has "Read-only"
}

@test "tmpcopyup fills the tmpfs with what was there" {
	mkdir -p "$bundle/rootfs/full/sub"
	echo one >"$bundle/rootfs/full/one"
	echo two >"$bundle/rootfs/full/sub/two"
	ln -s one "$bundle/rootfs/full/link"
	chmod 604 "$bundle/rootfs/full/one"
	chown 7:8 "$bundle/rootfs/full/one"
	mkfifo "$bundle/rootfs/full/fifo"
	add_mount '{"destination": "/full", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}'
	inside 'cat /full/one /full/sub/two; readlink /full/link; stat -c "%a %u:%g" /full/one; [ -p /full/fifo ] && echo fifo;
		rm /full/one; cut -d" " -f5 /proc/self/mountinfo | grep -cx /full'
	equals "$output" $'one\ntwo\none\n604 7:8\nfifo\n1'
	equals "$(cat "$bundle/rootfs/full/one")" one
}

@test "idmap with mappings of its own shows other owners" {
	chown 1000:1000 "$source/file"
	configure --arg from "$source" '.mounts += [{destination: "/tmp", source: $from, options: ["bind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 5000, size: 10}], gidMappings: [{containerID: 1000, hostID: 6000, size: 10}]}]'
	program /bin/true
	local status=0
	orun run "$id" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null & wait $! || status=$?
	if grep -q "idmapped" "$BATS_TEST_TMPDIR/out"; then skip "the file system of $source takes no idmapped mounts"; fi
	orun delete --force "$id"
	inside 'stat -c %u:%g /tmp/file'
	equals "$output" 5000:6000
	equals "$(stat -c %u:%g "$source/file")" 1000:1000
}

@test "mount overlay, also with options too long for fsconfig(2)" {
	local lower= i deep=$BATS_TEST_TMPDIR/lower-directories
	for i in {1..35}; do
		mkdir -p "$deep/lower-directory-$i"
		echo "$i" >"$deep/lower-directory-$i/file-$i"
		lower=$lower${lower:+:}$deep/lower-directory-$i
	done
	mkdir "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work"
	configure --arg lower "$lower" --arg base "$BATS_TEST_TMPDIR" '.mounts += [{destination: "/tmp", type: "overlay",
		source: "overlay", options: ["lowerdir=" + $lower, "upperdir=" + $base + "/upper", "workdir=" + $base + "/work"]}]'
	[ ${#lower} -gt 256 ] && [ ${#lower} -lt 3900 ]
	inside 'ls /tmp | wc -l; cat /tmp/file-35; echo new >/tmp/new'
	equals "$output" $'35\n35'
	equals "$(cat "$BATS_TEST_TMPDIR/upper/new")" new
}

@test "remount changes what a mount before it made" {
	bind /tmp bind
	add_mount '{"destination": "/tmp", "options": ["remount", "bind", "ro", "nosuid"]}'
	inside 'touch /tmp/x 2>&1; grep " /tmp " /proc/self/mountinfo | cut -d" " -f6'
	output_has "Read-only"
	output_has nosuid
}

@test "proc, devpts, mqueue, sysfs and tmpfs are what they say" {
	inside 'for d in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys; do
		cut -d" " -f5- /proc/self/mountinfo | grep "^$d " | sed "s/.* - \([a-z]*\) .*/\1/"; done'
	equals "$(xargs <<<"$output")" "proc tmpfs devpts tmpfs mqueue sysfs"
}

@test "devpts is an instance of its own, with its mode and group" {
	inside 'ls /dev/pts; stat -c %a /dev/pts/ptmx; readlink /dev/ptmx; grep " /dev/pts " /proc/self/mountinfo'
	equals "${lines[0]}" ptmx
	equals "${lines[1]}" 666
	equals "${lines[2]}" pts/ptmx
	output_has gid=5
	output_has mode=620
}

@test "cgroup on v1 shows the container's own groups, one directory per hierarchy" {
	grep -q ' /sys/fs/cgroup/memory ' /proc/self/mountinfo || skip "there is no cgroup v1 here"
	inside 'ls /sys/fs/cgroup; cat /proc/self/cgroup; ls /sys/fs/cgroup/memory; touch /sys/fs/cgroup/memory/x 2>&1; true'
	output_has memory
	output_has memory.limit_in_bytes
	output_has "Read-only"
	# In a cgroup namespace of its own the container is at the root.
	output_has :memory:/
	[[ $output != *"$id"* ]]
}

@test "cgroup mounts can be writable" {
	grep -q ' /sys/fs/cgroup/memory ' /proc/self/mountinfo || skip "there is no cgroup v1 here"
	configure '(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	inside 'mkdir /sys/fs/cgroup/memory/mine && rmdir /sys/fs/cgroup/memory/mine && echo writable'
	equals "$output" writable
}

@test "without a cgroup namespace the groups of the container alone are shown" {
	grep -q ' /sys/fs/cgroup/memory ' /proc/self/mountinfo || skip "there is no cgroup v1 here"
	without_namespace cgroup
	inside 'cat /sys/fs/cgroup/memory/cgroup.procs | wc -l; ls -d /sys/fs/cgroup/memory/*/ | wc -l'
	[ "${lines[0]}" -le 5 ]
	equals "${lines[-1]}" 0
}

@test "options that a file system does not know are refused by it" {
	add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["frobnicate=1"]}'
	create_fails "/tmp" "mounts["
}

@test "an unknown file system is refused" {
	add_mount '{"destination": "/tmp", "type": "frobfs", "source": "x"}'
	create_fails frobfs "mounts["
}

@test "mounts are made in order: the later covers the earlier" {
	bind /tmp bind
	add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}'
	inside 'ls /tmp | wc -l'
	equals "$output" 0
}

@test "a destination through a symlink stays in the rootfs" {
	ln -s / "$bundle/rootfs/up"
	ln -s ../../../../../../../tmp "$bundle/rootfs/away"
	bind /away bind
	inside 'cat /tmp/file'
	equals "$output" content
}

@test "a relative destination is taken from the root, with a warning, as runc does" {
	add_mount '{"destination": "tmp", "type": "tmpfs", "source": "tmpfs"}'
	inside 'grep -c " /tmp " /proc/self/mountinfo'
	output_has 1
}

@test "nothing of the container's mounts is left on the host" {
	bind /tmp rbind rshared
	inside true
	nothing_left
}

@test "options that are longer than the kernel takes are told as such" {
	configure '.mounts += [{destination: "/tmp", type: "overlay", source: "overlay",
		options: ["lowerdir=" + ([range(500)] | map("/lower/directory") | join(":"))]}]'
	create_fails "/tmp" "longer than"
}
