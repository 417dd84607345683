#!/usr/bin/env bats
# Layers that forge the marks of overlayfs, and bundles whose record was changed by someone: neither reaches anything outside.
# shellcheck disable=SC2154 # the files that are loaded assign variables
load ../imgtool/helpers
load ../imgtool/trees
load ../imgtool/store

setup()
{
	new_layout
	new_store
	mkdir "$scratch/outside"
	echo secret >"$scratch/outside/secret"
	tree_list "$scratch/outside" >"$scratch/outside.list"
}

teardown()
{
	[ -n "${store:-}" ] || return 0
	drop_store
	tree_list "$scratch/outside" | diff "$scratch/outside.list" -
}

# layer_with_xattrs NAME=VALUE…: of a directory d that has them, with a file.
layer_with_xattrs()
{
	local folder file options=() xattr
	folder=$(tree)
	mkdir "$folder/d"
	echo upper >"$folder/d/upper"
	file=$(mktemp "$scratch/forged.XXXXXX.tar")
	for xattr; do
		options+=(--pax-option="SCHILY.xattr.${xattr%%=*}:=${xattr#*=}")
	done
	tar --format=pax --numeric-owner "${options[@]}" -cf "$file" -C "$folder" .
	add_layer "$file" gzip
}

@test "forged xattrs of overlayfs in a layer have no effect" {
	local space
	layer_of 'mkdir d other; echo lower >d/lower; echo other >other/other'
	for space in trusted user; do
		layer_with_xattrs "$space.overlay.opaque=y" "$space.overlay.redirect=/other" "$space.overlay.metacopy=x" \
			"$space.overlay.origin=x" "$space.overlay.whiteout=y"
	done
	add_image v1
	overlay_bundle over
	equals "$(ls "$bundles/over/rootfs/d")" "lower
upper"
	equals "$(cat "$bundles/over/rootfs/d/lower" "$bundles/over/rootfs/d/upper")" "lower
upper"
	equals "$(getfattr -R -d -m 'overlay' "$store"/layers/*/fs/d 2>/dev/null)" ""
}

@test "a device 0:0 in a layer hides a name of the layers below, which it may, and does nothing else" {
	layer_of 'mkdir d; echo lower >file; echo other >other'
	layer_of 'mknod file c 0 0; mknod d c 0 0; mknod absent c 0 0'
	add_image v1
	overlay_bundle over
	equals "$(ls "$bundles/over/rootfs")" other
}

# forge JQ-FILTER: what someone makes of the bundle's record.
forge()
{
	jq "$1" "$bundles/over/imgtool.json" >"$scratch/json"
	cp "$scratch/json" "$bundles/over/imgtool.json"
}

new_bundle()
{
	layer_of 'echo lower >file'
	add_image v1
	overlay_bundle over
	imgtool umount "$bundles/over"
	cp "$bundles/over/imgtool.json" "$scratch/good.json"
}

# Neither mount nor remove may do more than say no, or act on the bundle itself.
refused()
{
	fails "$1" -- mount "$bundles/over"
	equals "$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)" ""  # grep finds none
	fails "$1" -- remove "$bundles/over"
	fails "$1" -- diff "$bundles/over"
	[ -e "$bundles/over/config.json" ]
	cp "$scratch/good.json" "$bundles/over/imgtool.json"
}

@test "a record with paths in the place of names is refused" {
	local key
	new_bundle
	key=$(printf %064d 0)
	for name in ../../outside / . .. "" "$key/../../../outside" "$key " "$key-on-lower/.." "${key^^}x" "$(printf '%04096d' 0)"; do
		forge ".layers = [$(jq -n --arg name "$name" '$name')]"
		refused "imgtool.json: layers[0]: "
	done
	for name in ../x "$(printf %032d 0)/.." "$(printf %031d 0)" "$(printf %032d 0 | tr 0 A)"; do
		forge ".reference = \"$name\""
		refused "imgtool.json: reference: "
	done
	forge '.store = "relative/store"'
	refused "imgtool.json: store: no absolute path"
	forge '.layers = []'
	refused "imgtool.json: layers: "
	forge '.layers = [range(10000) | "x"]'
	refused "imgtool.json: layers: "
	forge '.version = 2'
	refused "imgtool.json: version: "
	echo 'no json' >"$bundles/over/imgtool.json"
	refused "imgtool.json: "
}

@test "a record that is no regular file, or is endless, is refused" {
	new_bundle
	rm "$bundles/over/imgtool.json"
	ln -s "$scratch/good.json" "$bundles/over/imgtool.json"
	fails "imgtool.json" -- mount "$bundles/over"
	fails "imgtool.json" -- remove "$bundles/over"
	rm "$bundles/over/imgtool.json"
	mkfifo "$bundles/over/imgtool.json"
	fails "no regular file" -- mount "$bundles/over"
	rm "$bundles/over/imgtool.json"
	head -c 3000000 /dev/zero >"$bundles/over/imgtool.json"
	fails "imgtool.json" -- mount "$bundles/over"
	fails "imgtool.json" -- remove "$bundles/over"
	[ -e "$bundles/over/config.json" ]
}

@test "a record that names a store that is none makes nothing there" {
	new_bundle
	for place in "$scratch/outside" "$scratch/absent"; do
		forge ".store = \"$place\""
		fails "store $place" -- mount "$bundles/over"
	done
	[ ! -e "$scratch/absent" ]
	# A directory of somebody else's that looks like a store is not used.
	cp -a "$store" "$scratch/theirs"
	chown 1234 "$scratch/theirs"
	forge ".store = \"$scratch/theirs\""
	fails "belongs to user 1234" -- mount "$bundles/over"
	imgtool remove "$bundles/over"
	equals "$(find "$scratch/theirs/bundles" -type f | wc -l)" 1
}

@test "links in the place of layers are not followed" {
	new_bundle
	key=$(jq -r '.layers[0]' "$bundles/over/imgtool.json")
	mv "$store/layers/$key/fs" "$store/layers/$key/kept"
	ln -s "$scratch/outside" "$store/layers/$key/fs"
	fails "layer $key" -- mount "$bundles/over"
	rm "$store/layers/$key/fs"
	mv "$store/layers/$key/kept" "$store/layers/$key/fs"
}

@test "links in the place of the bundle's own directories are not followed" {
	local name
	new_bundle
	for name in rootfs overlay; do
		mv "$bundles/over/$name" "$scratch/kept"
		ln -s "$scratch/outside" "$bundles/over/$name"
		fails "$name" -- mount "$bundles/over"
		equals "$(grep -F "$scratch/outside" /proc/self/mountinfo || true)" ""  # grep finds none
		rm "$bundles/over/$name"
		mv "$scratch/kept" "$bundles/over/$name"
	done
	mv "$bundles/over/overlay/upper" "$scratch/kept"
	ln -s "$scratch/outside" "$bundles/over/overlay/upper"
	fails "upper" -- mount "$bundles/over"
	fails "upper" -- diff "$bundles/over"
	rm "$bundles/over/overlay/upper"
	ln -s "$scratch/outside" "$bundles/over/overlay/upper"
	rm "$bundles/over/rootfs/"* 2>/dev/null || true # it is empty while nothing is mounted
	imgtool remove "$bundles/over"
	[ -e "$scratch/outside/secret" ]
}

@test "umount takes only what is mounted on the bundle's own rootfs" {
	new_bundle
	imgtool mount "$bundles/over"
	mkdir "$scratch/mounted"
	mount -t tmpfs tmpfs "$scratch/mounted"
	umount "$bundles/over/rootfs"
	rmdir "$bundles/over/rootfs"
	ln -s "$scratch/mounted" "$bundles/over/rootfs"
	fails "rootfs" -- umount "$bundles/over"
	grep -qF " $scratch/mounted " /proc/self/mountinfo
	rm "$bundles/over/rootfs"
	mkdir "$bundles/over/rootfs"
	mount --bind "$scratch/mounted" "$bundles/over/rootfs"
	fails "something else is mounted there" -- umount "$bundles/over"
	fails "something else is mounted there" -- mount "$bundles/over"
	fails "something else is mounted there" -- remove "$bundles/over"
	umount "$bundles/over/rootfs"
	umount "$scratch/mounted"
}

@test "another bundle's reference is not removed with a bundle that claims it" {
	new_bundle
	overlay_bundle victim
	imgtool umount "$bundles/victim"
	forge ".reference = \"$(jq -r .reference "$bundles/victim/imgtool.json")\""
	imgtool remove "$bundles/over"
	imgtool -q gc
	imgtool mount "$bundles/victim"
	equals "$(cat "$bundles/victim/rootfs/file")" lower
}
