#!/usr/bin/env bats
# imgtool diff: the changes of overlay bundles and of plain ones, in the words of docker.
# shellcheck disable=SC2154 # the files that are loaded assign variables
# shellcheck disable=SC2016 # scripts for other shells
load helpers
load trees
load store
load ../docker

setup_file()
{
	start_docker overlay2
}

teardown_file()
{
	stop_docker
}

setup()
{
	new_layout
	new_store
	layer_of 'mkdir -p etc usr/lib/deep var/cache/apt dir empty; echo 1 >etc/one; echo 2 >etc/two; echo l >usr/lib/deep/l
		echo x >var/cache/apt/x; ln -s one etc/link; touch dir/f; echo u >untouched; chmod 700 empty'
	layer_of 'mkdir etc; echo changed >etc/two; touch etc/three'
	add_image v1
}

teardown()
{
	drop_store
}

# both 'COMMANDS': in the root file system of a new bundle of each kind; what diff says of each is in $overlay and $plain.
both()
{
	overlay_bundle over
	plain_bundle plain
	(cd "$bundles/over/rootfs" && bash -euc "$1")
	(cd "$bundles/plain/rootfs" && bash -euc "$1")
	overlay=$(imgtool diff "$bundles/over" | LC_ALL=C sort -k 2)
	plain=$(imgtool diff "$bundles/plain" | LC_ALL=C sort -k 2)
}

both_say()
{
	equals "$overlay" "$1"
	equals "$plain" "$1"
}

@test "nothing has changed in a new bundle" {
	both true
	both_say ""
}

@test "what only was read has not changed" {
	both 'cat etc/one >/dev/null; ls -lR . >/dev/null'
	both_say ""
}

@test "added, changed and deleted, with the directories on the way" {
	both 'echo new >usr/lib/deep/new; echo 3 >>etc/one; rm etc/two; mkdir -p added/below; touch added/below/f'
	both_say "A /added
A /added/below
A /added/below/f
C /etc
C /etc/one
D /etc/two
C /usr
C /usr/lib
C /usr/lib/deep
A /usr/lib/deep/new"
}

@test "a deleted directory is one line, what comes in its place is told" {
	both 'rm -r var; rm -r dir; mkdir dir; touch dir/g; rm -r empty; echo f >empty; rm etc/one; mkdir etc/one; touch etc/one/x'
	both_say "C /dir
D /dir/f
A /dir/g
C /empty
C /etc
C /etc/one
A /etc/one/x
D /var"
}

@test "owner, mode and attributes count as changes" {
	both 'chmod 600 etc/one; chown 5 etc/three; setfattr -n user.note -v x dir; chown -h 7 etc/link; chmod 755 empty'
	both_say "C /dir
C /empty
C /etc
C /etc/link
C /etc/one
C /etc/three"
}

@test "a file that was written and is as it was before has not changed in an overlay bundle" {
	overlay_bundle over
	stamp=$(stat -c %y "$bundles/over/rootfs/etc/one")
	echo 1 >"$bundles/over/rootfs/etc/one"
	touch -d "$stamp" "$bundles/over/rootfs/etc/one"
	run -0 imgtool diff "$bundles/over"
	equals "$output" ""
	# The same size and time, but not the same.
	echo 7 >"$bundles/over/rootfs/etc/one"
	touch -d "$stamp" "$bundles/over/rootfs/etc/one"
	run -0 imgtool diff "$bundles/over"
	equals "$output" "C /etc
C /etc/one"
}

@test "what a program hides by setting times is found in a plain bundle" {
	plain_bundle plain
	stamp=$(stat -c %y "$bundles/plain/rootfs/etc/one")
	echo 7 >"$bundles/plain/rootfs/etc/one"
	touch -d "$stamp" "$bundles/plain/rootfs/etc/one"
	run -0 imgtool diff "$bundles/plain"
	equals "$output" "C /etc
C /etc/one"
}

@test "an overlay bundle tells without being mounted, and of a single layer" {
	layer_of 'mkdir a; touch a/f a/g'
	add_image v2
	imgtool -q unpack --overlay "oci:$layout:v2" "$bundles/over"
	rm "$bundles/over/rootfs/a/f"
	imgtool umount "$bundles/over"
	run -0 imgtool diff "$bundles/over"
	equals "$output" "C /a
D /a/f"
}

@test "JSON, and names that would give orders to a terminal" {
	both 'touch "$(printf "a\033[2Jb")"; touch "quote\"d"'
	both_say 'A /a\x1b[2Jb
A /quote"d'
	run -0 imgtool --json diff "$bundles/plain"
	equals "$(jq -r '.kind + .path' <<<"$output")" "$(printf 'Aa\033[2Jb\nAquote"d')"
}

@test "deep trees and many names" {
	both 'mkdir -p many; for i in {1..2000}; do : >many/$i; done; perl -e "for (1 .. 400) { mkdir q(dddddddddddddddd) and chdir q(dddddddddddddddd) or die }"'
	equals "$(grep -c /many/ <<<"$overlay")" 2000
	equals "$(grep /ddd <<<"$overlay" | tail -n 1 | wc -c)" $((2 + 400 * 17 + 1))
	equals "$plain" "$overlay"
}

@test "a copy of a plain bundle says that it cannot tell" {
	plain_bundle plain
	cp -a "$bundles/plain" "$bundles/copy"
	fails "was copied since it was unpacked" -- diff "$bundles/copy"
}

@test "a bundle that imgtool did not make is refused" {
	mkdir -p "$scratch/folder/rootfs"
	fails "there is no imgtool.json" -- diff "$scratch/folder"
	fails "no such file" -- diff "$scratch/absent"
}

@test "a record of names that is not imgtool's is refused" {
	plain_bundle plain
	for text in '' x 'imgtool names 1 0.0 0 0' '{}'; do
		printf '%s\n' "$text" >"$bundles/plain/imgtool.names"
		fails "imgtool.names" -- diff "$bundles/plain"
	done
	rm "$bundles/plain/imgtool.names"
	mkfifo "$bundles/plain/imgtool.names"
	fails "no regular file" -- diff "$bundles/plain"
}

@test "the same changes are the same to docker" {
	need_docker
	changes='mkdir -p /new/deep; echo x >/new/deep/f; rm /etc/group; chmod 600 /etc/passwd; echo y >/tmp/y
		rm -r /dir; mkdir /dir; echo z >/dir/z; rm /bin/vi; echo vi >/bin/vi; rm /plain; mkdir /plain; touch -d "2001-02-03 04:05" /touched'
	# Docker tells times apart by whole seconds where one of them is of a layer: hence a date far away.
	docker_base base
	docker run --network none --name first base sh -c 'mkdir /dir; touch /dir/f /plain /touched' >/dev/null
	docker commit first changed >/dev/null
	docker run --network none --name second changed sh -c "$changes" >/dev/null
	docker diff second | LC_ALL=C sort -k 2 >"$scratch/theirs"
	docker rm first second >/dev/null
	docker save -o "$scratch/image.tar" changed
	imgtool -q unpack --overlay "docker-archive:$scratch/image.tar" "$bundles/over" -- sh
	chroot "$bundles/over/rootfs" /bin/sh -c "$changes"
	imgtool diff "$bundles/over" | LC_ALL=C sort -k 2 >"$scratch/ours"
	diff -u "$scratch/theirs" "$scratch/ours"
}
