#!/usr/bin/env bats
# Layers that want out of the root file system, or to forge what only the host may say: each ends with one clear error or
# stays inside, and the host is untouched. CVE-2018-15664, CVE-2021-29136, CVE-2024-25621 and CVE-2025-47290 among what
# they do.
load ../imgtool/helpers
load ../imgtool/tar

setup()
{
	new_layout
	work=$BATS_TEST_TMPDIR/work
	bundle=$work/bundle
	mkdir -p "$work/canary"
	echo untouched >"$work/canary/file"
	chmod 640 "$work/canary/file"
	touch -d '2001-02-03 04:05:06' "$work/canary/file" "$work/canary"
	canary_before=$(canary_state)
	# From the root file system of the bundle, and of the temporary one that it is made in.
	out=../../canary
	begin_tar
}

teardown()
{
	equals "$(canary_state)" "$canary_before"
	rm -rf "$work"
}

canary_state()
{
	find "$work/canary" -printf '%p %m %U:%G %T@ %n %s %l\n' | sort
	cat "$work/canary/file"
}

# next_layer: ends one and begins the next.
next_layer()
{
	end_tar
	# shellcheck disable=SC2154 # tar.bash has it
	add_layer "$tar" none
	begin_tar
}

unpack()
{
	next_layer
	add_image v1
	# shellcheck disable=SC2154 # helpers.bash has it
	run timeout 60 "$IMGTOOL" --quiet unpack --rootfs-only "$layout:v1" "$bundle"
}

# refused TEXT…: the layers so far are refused with these words, in one line, and leave nothing.
refused()
{
	local text
	unpack
	# shellcheck disable=SC2154 # bats sets it
	equals "$status ${#lines[@]}" "1 1"
	[[ $output == "imgtool: "* ]]
	for text in "$@"; do
		output_has "$text"
	done
	equals "$(ls -A "$work")" canary
	new_layout
	begin_tar
}

# taken: the layers so far stay inside; the root file system is in $rootfs.
taken()
{
	unpack
	[ "$status" = 0 ] || {
		echo "$output"
		return 1
	}
	rootfs=$bundle/rootfs
}

@test "absolute names begin at the root of the image" {
	tar_entry 0 "/etc/absolute" '' 0644 text
	tar_entry 0 "//$work/canary/file" '' 0644 text
	tar_entry 2 /link "$work/canary"
	tar_entry 0 /link/other '' 0644 text
	taken
	equals "$(cat "$rootfs/etc/absolute")" text
	equals "$(cat "$rootfs/$work/canary/file")" text
	equals "$(cat "$rootfs/$work/canary/other")" text
	[ ! -e /etc/absolute ]
}

@test "names with .. are refused" {
	local name
	for name in $out/file $out/new x/../$out/file "../bundle/rootfs/x" a/.. .. ../ a/../..; do
		tar_entry 0 "$name" '' 0644 text
		refused '..'
	done
	tar_entry 5 a/ '' 0755
	tar_entry 0 a/../b '' 0644 text
	refused "'a/../b': has '..' in it"
}

@test "a link, and then a file through it" {
	tar_entry 2 up "$out"
	tar_entry 2 far "../../../../../../../../../../../../$work/canary"
	tar_entry 2 absolute "$work/canary"
	tar_entry 2 process /proc/self/root/
	tar_entry 2 cwd /proc/self/cwd
	tar_entry 0 up/file '' 0666 changed
	tar_entry 0 far/file '' 0666 changed
	next_layer
	tar_entry 0 absolute/file '' 0666 changed
	tar_entry 5 up/directory '' 0777
	tar_entry 0 "process/$work/canary/file" '' 0666 changed
	tar_entry 0 "cwd/../$out/file" '' 0666 changed
	refused "'cwd/../$out/file': has '..' in it"
	tar_entry 2 up "$out"
	tar_entry 0 up/file '' 0666 changed
	next_layer
	tar_entry 2 process /proc/self/root/
	tar_entry 0 "process/$work/canary/file" '' 0666 changed
	taken
	equals "$(cat "$rootfs/canary/file")" changed
	equals "$(cat "$rootfs/proc/self/root/$work/canary/file")" changed
}

@test "the last component is never followed: files, modes, owners and times" {
	tar_entry 2 file "$out/file"
	tar_entry 2 directory "$out"
	tar_entry 2 other "$out/file"
	tar_entry 0 file '' 4777 changed 12 34
	next_layer
	tar_entry 5 directory '' 0777 '' 12 34
	tar_entry 2 other "$out/file" 0777 '' 12 34
	tar_attribute user.forged yes
	tar_entry 2 other "$out/file" 0777 '' 12 34
	taken
	[ -f "$rootfs/file" ] && [ ! -L "$rootfs/file" ]
	[ -d "$rootfs/directory" ] && [ ! -L "$rootfs/directory" ]
	equals "$(stat -c %u:%g "$rootfs/other")" 12:34
}

@test "hard links to what is outside are refused" {
	local target
	for target in /etc/passwd etc/passwd "$work/canary/file"; do
		tar_entry 1 hard "$target"
		refused "'hard': hard link to " "which is not there"
	done
	for target in $out/file ../../../../../../../../../../etc/passwd a/../$out/file ..; do
		tar_entry 1 hard "$target"
		refused "'hard'" "..'"
	done
	tar_entry 2 up "$out"
	tar_entry 1 hard up/file
	refused "hard link to 'up/file', which is not there"
	tar_entry 2 etc /etc
	tar_entry 1 hard etc/passwd
	refused 'symbolic links'
	tar_entry 1 hard hard
	refused 'hard link to itself'
	tar_entry 5 directory/ '' 0755
	tar_entry 1 hard directory
	refused "hard link to 'directory'"
}

@test "a hard link to a link, and then a file of its name" {
	tar_entry 2 link "$out/file"
	tar_entry 1 hard link
	tar_entry 0 hard '' 0666 changed
	next_layer
	tar_entry 1 other link
	tar_entry 5 other '' 0777
	taken
	equals "$(cat "$rootfs/hard")" changed
	[ -L "$rootfs/link" ]
}

@test "whiteouts of the root, of .. and of nothing are refused" {
	local name
	tar_entry 5 a/ '' 0755
	next_layer
	for name in .wh. a/.wh. .wh.. .wh... a/.wh... ./.wh. .wh./ .wh.a/b; do
		tar_entry 0 "$name"
		refused imgtool
	done
	for name in $out/.wh.file ../.wh.rootfs a/../.wh.b $out/.wh..wh..opq; do
		tar_entry 0 "$name"
		refused "has '..' in it"
	done
}

@test "whiteouts through links stay inside" {
	tar_entry 2 up "$out"
	tar_entry 2 absolute "$work"
	tar_entry 2 root /
	tar_entry 0 mine '' 0644 text
	next_layer
	tar_entry 0 up/.wh.file
	tar_entry 0 up/.wh..wh..opq
	tar_entry 0 absolute/.wh.canary
	tar_entry 0 absolute/canary/.wh..wh..opq
	tar_entry 0 root/.wh.mine
	next_layer
	# The link goes, and not what it leads to.
	tar_entry 0 .wh.up
	taken
	[ ! -e "$rootfs/mine" ]
	[ ! -L "$rootfs/up" ]
}

@test "an entry for the root that is no directory is refused" {
	local name
	for name in / ./ . //; do
		tar_entry 2 "$name" "$out"
		refused 'the root directory is not a directory'
	done
	tar_entry 1 ./ etc/passwd
	refused 'the root directory is not a directory'
	tar_entry 6 ./
	refused 'the root directory is not a directory'
	tar_entry 5 ./ '' 0755
	tar_entry 0 ./f '' 0644 text
	next_layer
	tar_entry 2 ./ "$work/canary"
	tar_entry 0 ./file '' 0644 changed
	refused 'the root directory is not a directory'
}

@test "a directory becomes a link between two entries, or between two layers" {
	tar_entry 5 d/ '' 0755
	tar_entry 5 d/sub/ '' 0755
	tar_entry 0 d/sub/f '' 0644 text
	tar_entry 2 d "$out"
	tar_entry 0 d/file '' 0666 changed
	tar_entry 0 d/sub/f '' 0666 changed
	next_layer
	tar_entry 5 d/ '' 0755
	tar_entry 0 d/inside '' 0644 text
	next_layer
	tar_entry 0 d/again '' 0644 text
	tar_entry 2 d "$work/canary"
	tar_entry 0 d/file '' 0666 changed
	next_layer
	tar_entry 0 .wh.d
	tar_entry 0 d/file '' 0644 inside
	taken
	equals "$(cat "$rootfs/d/file")" inside
	equals "$(ls "$rootfs/d")" file
}

@test "devices are made and never opened" {
	[ "$(id -u)" -eq 0 ] || skip "making devices needs root"
	tar_entry 4 disk '' 0666 '' 0 0 7 200
	tar_entry 3 memory '' 0666 '' 0 0 1 1
	tar_entry 6 fifo '' 0666
	tar_entry 6 other '' 0666
	next_layer
	# The new file, not the device or the FIFO, which would wait for a reader.
	tar_entry 0 disk '' 0644 text
	tar_entry 0 fifo '' 0644 text
	tar_entry 0 other/f '' 0644 text
	refused "parent 'other': not a directory"
	tar_entry 4 disk '' 0666 '' 0 0 7 200
	tar_entry 6 fifo '' 4666 '' 12 34
	next_layer
	tar_entry 0 disk '' 0644 text
	taken
	equals "$(cat "$rootfs/disk")" text
	equals "$(stat -c '%F %a %u:%g' "$rootfs/fifo")" 'fifo 4666 12:34'
}

@test "attributes that mean something to the host are not taken" {
	local name
	for name in trusted.overlay.opaque trusted.overlay.redirect trusted.overlay.metacopy trusted.overlay.origin \
		user.overlay.opaque user.overlay.whiteout trusted.anything security.selinux security.SMACK64EXEC security.evm \
		system.nfs4_acl; do
		tar_attribute "$name" y
		tar_entry 5 "d-$name/" '' 0755
		tar_attribute "$name" y
		tar_entry 0 "f-$name" '' 0644 text
	done
	taken
	equals "$(getfattr -Rd -m - "$rootfs" 2>/dev/null)" ""
}

@test "setuid programs have the owner that they had, or none" {
	[ "$(id -u)" -eq 0 ] || skip "owners need root"
	tar_entry 0 other '' 4755 text 12 34
	tar_entry 0 group '' 2755 text 0 34
	tar_entry 0 root '' 4755 text
	next_layer
	tar_entry 1 hard other
	taken
	equals "$(stat -c '%a %u:%g' "$rootfs"/{other,group,root,hard} | tr '\n' ' ')" \
		'4755 12:34 2755 0:34 4755 0:0 4755 12:34 '
	# An id that would tell chown(2) to leave the owner alone.
	rm -rf "$bundle"
	new_layout
	begin_tar
	tar_record uid 4294967295
	tar_entry 0 other '' 4755 text
	refused "'other'"
	tar_record gid 4294967296
	tar_entry 0 other '' 4755 text
	refused other
}

# deep_name COUNT
deep_name()
{
	printf 'd/%.0s' $(seq "$1")
}

@test "directories a thousand deep are made and go again" {
	local deep
	deep=$(deep_name 1000)
	tar_entry 0 "${deep}f" '' 0644 text
	next_layer
	tar_entry 0 "${deep}g" '' 0644 text
	taken
	equals "$(find "$rootfs" -name '[fg]' -printf '%d\n' | tr '\n' ' ')" '1001 1001 '
	rm -rf "$bundle"
	new_layout
	begin_tar
	tar_entry 0 "${deep}f" '' 0644 text
	next_layer
	tar_entry 0 .wh.d
	taken
	equals "$(ls "$rootfs")" ""
	# After an error too.
	rm -rf "$bundle"
	new_layout
	begin_tar
	tar_entry 0 "${deep}f" '' 0644 text
	tar_entry 0 ../f '' 0644 text
	refused "has '..' in it"
	tar_entry 0 "$(deep_name 3000)f" '' 0644 text
	refused 'more than 2048 directories deep'
}

@test "a name longer than the file system takes is refused" {
	tar_entry 0 "$(printf 'n%.0s' {1..300})" '' 0644 text
	refused 'file name too long'
}

@test "a hundred thousand whiteouts, of names that are there and of others" {
	tar_entries f 50000
	next_layer
	tar_entries .wh.f 100000
	tar_entry 0 kept
	SECONDS=0
	taken
	[ "$SECONDS" -lt 30 ]
	equals "$(ls -A "$rootfs")" kept
}

@test "a message about a hostile name is one line and writes nothing to the terminal" {
	tar_entry 0 $'a\e[2J\nimgtool: all is well/../f' '' 0644 text
	refused "'a?[2J?imgtool: all is well/../f'"
}
