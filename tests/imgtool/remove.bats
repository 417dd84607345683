#!/usr/bin/env bats
# imgtool remove: a whole bundle, and nothing but it.
# shellcheck disable=SC2154 # the files that are loaded assign variables
# shellcheck disable=SC2016 # scripts for other shells
load helpers
load trees
load store

setup()
{
	new_layout
	new_store
	layer_of 'mkdir -p a/b; touch a/b/c a/f; ln -s /etc link'
	add_image v1
}

teardown()
{
	drop_store
}

@test "plain and overlay bundles go with all that is in them, the store keeps its layers" {
	plain_bundle plain
	overlay_bundle over
	mkdir -m 0 "$bundles/over/rootfs/a/closed"
	touch "$bundles/over/other-file"
	run -0 imgtool remove "$bundles/plain" "$bundles/over"
	equals "$output" ""
	equals "$(ls -A "$bundles")" ""
	equals "$(references)" ""
	equals "$(stored | wc -l)" 1
}

@test "a bundle is removed from inside, by a relative path and through a link" {
	plain_bundle one
	plain_bundle two
	(cd "$bundles/one" && imgtool remove .)
	ln -s two "$bundles/link"
	imgtool remove "$bundles/link/"
	equals "$(ls -A "$bundles")" link
}

@test "directories that imgtool did not make are refused" {
	mkdir -p "$scratch/folder/rootfs"
	touch "$scratch/folder/config.json"
	fails "there is no imgtool.json in it" -- remove "$scratch/folder"
	fails "no such file" -- remove "$scratch/absent"
	touch "$scratch/file"
	fails "not a directory" -- remove "$scratch/file"
	fails "root directory" -- remove /
	[ -e "$scratch/folder/config.json" ]
}

@test "links are not followed" {
	plain_bundle plain
	mkdir "$scratch/outside"
	touch "$scratch/outside/file"
	ln -s "$scratch/outside" "$bundles/plain/rootfs/a/out"
	ln -s "$scratch/outside" "$bundles/plain/out"
	imgtool remove "$bundles/plain"
	[ -e "$scratch/outside/file" ]
}

@test "what is mounted in a bundle is not removed, nor anything else of it" {
	plain_bundle plain
	mkdir "$scratch/outside" "$bundles/plain/rootfs/mnt with space"
	touch "$scratch/outside/file"
	mount --bind "$scratch/outside" "$bundles/plain/rootfs/mnt with space"
	tree_list "$bundles/plain" >"$scratch/before"
	fails "mnt with space is mounted" "unmount it first" -- remove "$bundles/plain"
	tree_list "$bundles/plain" >"$scratch/after"
	umount "$bundles/plain/rootfs/mnt with space"
	diff "$scratch/before" "$scratch/after"
	[ -e "$scratch/outside/file" ]
	imgtool remove "$bundles/plain"
}

@test "a removal that was cut short can be done again" {
	overlay_bundle over
	imgtool umount "$bundles/over"
	rm -r "$bundles/over/overlay/upper" "$bundles/over/config.json" "$bundles/over/rootfs"
	mkdir "$bundles/over/rootfs"
	imgtool remove "$bundles/over"
	equals "$(ls -A "$bundles")$(references)" ""
}

@test "a tree that is deeper than any path is removed" {
	plain_bundle plain
	perl -e 'chdir shift or die; for (1 .. 3000) { mkdir "ddd" and chdir "ddd" or die }' "$bundles/plain/rootfs"
	(ulimit -n 64 && imgtool remove "$bundles/plain")
	equals "$(ls -A "$bundles")" ""
}

@test "one that fails does not keep the others" {
	plain_bundle plain
	run -1 imgtool remove "$bundles/absent" "$bundles/plain"
	output_has "bundle $bundles/absent: open: no such file or directory"
	equals "$(ls -A "$bundles")" ""
}
