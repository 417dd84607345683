#!/usr/bin/env bats
# shellcheck disable=SC2154 # the files that are loaded assign variables
# shellcheck disable=SC2016 # scripts for other shells
# Overlay bundles: layers that are extracted once, and root file systems that are mounts of them.
load helpers
load trees
load tar
load containers
load store

setup()
{
	new_layout
	new_store
}

teardown()
{
	drop_store
}

three_layers()
{
	layer_of 'mkdir -p etc usr/lib var/log deep/a/b; echo one >etc/one; echo two >etc/two; ln -s usr/lib lib
		ln etc/one etc/hard; chmod 2750 var/log; touch -d @5.123456789 var/log; chown 7:8 deep/a; echo x >deep/a/b/x
		setfattr -n user.note -v value deep/a; touch deep/a/b/gone; touch -h -d @9.5 lib'
	layer_of 'mkdir -p etc deep/a; echo changed >etc/one; mknod deep/a/fifo p; touch etc/.wh.two; chmod 4755 etc/one
		mkdir -p deep/a/b; touch deep/a/b/.wh..wh..opq deep/a/b/new'
	layer_of 'mkdir -p usr; echo t >usr/third; chmod 711 .'
	add_image v1
}

@test "the root file system is the same as that of a plain bundle" {
	three_layers
	plain_bundle plain
	overlay_bundle over
	same_as_plain over plain
	equals "$(stored | wc -l)" 3
	equals "$(leftovers)" ""
}

@test "layers without entries for their parents take them from the layers below" {
	layer_of 'mkdir -p a/b/c d; chmod 700 a; chown 3:4 a/b; touch -d @7 a/b; setfattr -n user.note -v x a/b; echo 1 >a/b/c/1'
	layer_without_parents 'mkdir -p a/b/c new/er; echo 2 >a/b/c/2; touch a/b/c/.wh.1; echo n >new/er/n'
	layer_without_parents 'mkdir -p a/b d; echo 3 >a/b/3; echo 4 >d/4; touch new'
	add_image v1
	plain_bundle plain
	overlay_bundle over
	same_as_plain over plain
	equals "$(stored | grep -c -e '-on-lower$')" 2
	equals "$(leftovers)" ""
}

@test "a parent that is a symbolic link below is followed" {
	layer_of 'mkdir -p usr/lib; ln -s usr/lib lib; ln -s /usr/lib absolute'
	layer_without_parents 'mkdir lib absolute; echo f >lib/f; echo g >absolute/g'
	add_image v1
	plain_bundle plain
	overlay_bundle over
	same_as_plain over plain
	equals "$(readlink "$bundles/over/rootfs/lib")" usr/lib
	equals "$(cat "$bundles/over/rootfs/usr/lib/f" "$bundles/over/rootfs/usr/lib/g")" "f
g"
	equals "$(leftovers)" ""
}

@test "a hard link to a file of a lower layer has its content and attributes" {
	layer_of 'mkdir d; echo target >d/target; chown 5:6 d/target; chmod 4711 d/target'
	begin_tar
	tar_entry 1 link d/target
	end_tar
	add_layer "$tar" gzip
	add_image v1
	overlay_bundle over
	equals "$(stat -c '%a %u:%g %s' "$bundles/over/rootfs/link")" "4711 5:6 7"
	equals "$(stat -c %i "$bundles/over/rootfs/link")" "$(stat -c %i "$bundles/over/rootfs/d/target")"
}

@test "the same layer twice in an image is stacked once" {
	layer_of 'echo one >one; mkdir d; echo d >d/d'
	layer_of 'touch .wh.one; mkdir d; touch d/.wh.d'
	for list in layers diff_ids; do
		head -n 1 "$scratch/$list" >"$scratch/first"
		cat "$scratch/first" >>"$scratch/$list"
	done
	add_image v1
	plain_bundle plain
	overlay_bundle over
	same_as_plain over plain
}

@test "a whiteout for a directory that comes again in the same layer makes it opaque" {
	layer_of 'mkdir -p d/e; touch d/old d/e/old'
	layer_of 'mkdir d; touch .wh.d d/new'
	add_image v1
	plain_bundle plain
	overlay_bundle over
	same_as_plain over plain
	equals "$(ls "$bundles/over/rootfs/d")" new
}

@test "a second bundle needs nothing of the layers" {
	three_layers
	overlay_bundle first
	jq -r '.layers[] | "\(.digest) \(.size)"' "$(blob_file "$(digest_of "$manifest")")" | while read -r digest size; do
		head -c "$size" /dev/zero >"$(blob_file "$digest")"
	done
	overlay_bundle second
	same_trees "$bundles/first/rootfs" "$bundles/second/rootfs"
}

@test "bundles do not see each other's changes, and a changed bundle leaves the store as it was" {
	three_layers
	overlay_bundle first
	overlay_bundle second
	tree_list "$store/layers" >"$scratch/before"
	echo mine >"$bundles/first/rootfs/etc/one"
	rm "$bundles/first/rootfs/usr/third"
	mkdir "$bundles/first/rootfs/etc/new"
	equals "$(cat "$bundles/second/rootfs/etc/one")" changed
	[ -e "$bundles/second/rootfs/usr/third" ]
	[ ! -e "$bundles/second/rootfs/etc/new" ]
	tree_list "$store/layers" >"$scratch/after"
	diff -u "$scratch/before" "$scratch/after"
}

@test "a container's changes survive its end, umount and mount" {
	need_runtime runc
	busybox_image v1
	overlay_bundle over -- /bin/sh -c 'cat /kept 2>/dev/null; echo more >>/kept'
	run_bundle orun "$bundles/over"
	equals "$status: $output" "0: "
	run_bundle runc "$bundles/over"
	equals "$status: $output" "0: more"
	imgtool umount "$bundles/over"
	equals "$(ls "$bundles/over/rootfs")" ""
	imgtool mount "$bundles/over"
	run_bundle orun "$bundles/over"
	equals "$status: $output" "0: more
more"
}

@test "mount and umount say nothing when there is nothing to do, and take all bundles of a store" {
	three_layers
	overlay_bundle first
	overlay_bundle second
	run -0 imgtool mount "$bundles/first" "$bundles/second"
	equals "$output" ""
	equals "$(grep -c " $bundles/" /proc/self/mountinfo)" 2
	run -0 imgtool umount --all
	equals "$output" ""
	equals "$(grep -c " $bundles/" /proc/self/mountinfo || true)" 0  # grep finds none
	run -0 imgtool umount --all
	run -0 imgtool --store "$store" mount --all
	equals "$(grep -c " $bundles/" /proc/self/mountinfo)" 2
	run -0 imgtool mount --all
	equals "$(grep -c " $bundles/" /proc/self/mountinfo)" 2
}

@test "mount and umount go on after a bundle that fails" {
	three_layers
	overlay_bundle good
	plain_bundle plain
	run -1 imgtool umount "$bundles/absent" "$bundles/plain" "$bundles/good"
	output_has "$bundles/absent: open: no such file or directory"
	output_has "$bundles/plain: its root file system is a plain directory"
	equals "$(grep -c " $bundles/" /proc/self/mountinfo || true)" 0  # grep finds none
	fails "no bundle is given" -- mount
	fails "exclude each other" -- mount --all "$bundles/good"
}

@test "no store is no bundle to mount" {
	run -0 env HOME="$scratch" IMGTOOL_STORE="$scratch/absent" "$IMGTOOL" mount --all
	equals "$output" ""
	[ ! -e "$scratch/absent" ]
	fails "absent" -- mount --all --store "$scratch/absent"
}

@test "umount leaves a bundle alone that is in use" {
	three_layers
	overlay_bundle over
	exec 7<"$bundles/over/rootfs/etc/one"
	fails "busy" "stop the container" -- umount "$bundles/over"
	exec 7<&-
	imgtool umount "$bundles/over"
}

@test "a bundle whose container runs is neither unmounted nor removed nor mounted again" {
	local state=$BATS_TEST_TMPDIR/state id=imgtool-$$-$BATS_SUITE_TEST_NUMBER
	need_runtime orun
	busybox_image v1
	overlay_bundle over -- /bin/sleep 60
	timeout 20 "$ORUN" --root "$state" run --detach --bundle "$bundles/over" "$id" </dev/null >"$scratch/said" 2>&1
	run imgtool umount "$bundles/over"
	equals "$status" 1
	output_has "runs in it"
	run imgtool remove "$bundles/over"
	equals "$status" 1
	output_has "runs in it"
	umount "$bundles/over/rootfs" # behind our back
	run imgtool mount "$bundles/over"
	equals "$status" 1
	output_has "runs in it"
	timeout 20 "$ORUN" --root "$state" delete --force "$id" </dev/null >"$scratch/said" 2>&1
	imgtool mount "$bundles/over"
	no_overlay_process
}

no_overlay_process()
{
	equals "$(grep -l "imgtool:$(jq -r .reference "$bundles/over/imgtool.json")" /proc/[0-9]*/mountinfo 2>/dev/null |
		while read -r file; do readlink "${file%/*}/ns/mnt"; done | sort -u)" "$(readlink /proc/self/ns/mnt)"
}

@test "a bundle that was moved or copied can be mounted where it is" {
	three_layers
	overlay_bundle over
	imgtool umount "$bundles/over"
	mv "$bundles/over" "$bundles/moved"
	imgtool gc
	imgtool mount "$bundles/moved"
	echo mine >"$bundles/moved/rootfs/mine"
	imgtool umount "$bundles/moved"
	cp -a "$bundles/moved" "$bundles/copy"
	imgtool mount "$bundles/copy" "$bundles/moved"
	echo changed >"$bundles/copy/rootfs/mine"
	equals "$(cat "$bundles/moved/rootfs/mine")" mine
	imgtool remove "$bundles/moved"
	imgtool gc
	equals "$(cat "$bundles/copy/rootfs/mine")" changed
	equals "$(references | wc -l)" 1
}

@test "an image of 200 layers can be mounted" {
	local i file
	layer_of 'echo base >base'
	for ((i = 1; i < 200; i++)); do
		file=$scratch/tiny.tar
		tar_entry_alone "$file" "file$i"
		add_layer "$file" none
	done
	add_image v1
	overlay_bundle over
	equals "$(find "$bundles/over/rootfs" -type f | wc -l)" 200
}

# A tar with one file.
tar_entry_alone()
{
	(cd "$scratch" && echo "$2" >"$2" && tar -cf "$1" "$2" && rm "$2")
}

@test "an image without layers is refused, with what to do" {
	add_image v1
	fails "has 0 layers" "without --overlay" -- unpack --overlay "oci:$layout:v1" "$bundles/over"
	equals "$(ls -A "$bundles")" ""
}

@test "a layer that is wrong leaves nothing in the store and no bundle" {
	three_layers
	jq -r '.layers[1].digest' "$(blob_file "$(digest_of "$manifest")")" >"$scratch/digest"
	file=$(blob_file "$(cat "$scratch/digest")")
	flip "$file" -6
	fails "layer sha256:" -- -q unpack --overlay "oci:$layout:v1" "$bundles/over"
	equals "$(ls -A "$bundles")" ""
	equals "$(leftovers)" ""
	equals "$(references)" ""
}

@test "a bundle that cannot be mounted leaves nothing" {
	three_layers
	mkdir "$bundles/full"
	touch "$bundles/full/file"
	fails "must not exist" -- -q unpack --overlay "oci:$layout:v1" "$bundles/full"
	equals "$(ls -A "$bundles/full")" file
	equals "$(references 2>/dev/null)" ""
}

@test "six processes that unpack one image at once extract each layer once" {
	local i pids=()
	three_layers
	for i in 1 2 3 4 5 6; do
		overlay_bundle "b$i" >"$scratch/said$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	plain_bundle plain
	for i in 1 2 3 4 5 6; do
		equals "$(cat "$scratch/said$i")" ""
		same_as_plain "b$i" plain
	done
	equals "$(stored | wc -l)" 3
	equals "$(leftovers)" ""
}

# Layers that take a moment.
larger_layers()
{
	layer_of 'mkdir -p a/b; for i in {1..400}; do echo $i >a/b/$i; done; head -c 3000000 /dev/urandom >a/large'
	layer_without_parents 'mkdir -p a/b; for i in {400..700}; do echo $i >a/b/$i; done; head -c 2000000 /dev/urandom >a/b/other'
	begin_tar
	tar_entry 1 link a/large
	tar_entry 0 after '' 0644 content
	end_tar
	add_layer "$tar" gzip
	add_image v1
}

@test "a process that is killed at any moment leaves a store that the next one can use" {
	local i pid
	larger_layers
	plain_bundle plain
	for ((i = 0; i < 40; i++)); do
		overlay_bundle over >"$scratch/said" 2>&1 &
		pid=$!
		sleep "0.$(printf %03d $((i * 3)))"
		kill -9 "$pid" 2>/dev/null || true # it may have finished
		wait "$pid" 2>/dev/null || true    # with whatever status
		if [ -e "$bundles/over" ]; then
			imgtool mount "$bundles/over"
			same_as_plain over plain
			imgtool remove "$bundles/over"
		fi
		((i % 4)) || imgtool -q gc
	done
	overlay_bundle over
	same_as_plain over plain
	imgtool remove "$bundles/over"
	imgtool -q gc
	equals "$(stored)" ""
	equals "$(references)" ""
}

@test "an interrupted unpack leaves nothing" {
	local pid
	larger_layers
	for delay in 0.01 0.02 0.03 0.05; do
		"$IMGTOOL" -q unpack --overlay "oci:$layout:v1" "$bundles/over" >"$scratch/said" 2>&1 &
		pid=$!
		sleep "$delay"
		kill -INT "$pid" 2>/dev/null || true # it may have finished
		wait "$pid" || true                  # with whatever status
		if [ -e "$bundles/over" ]; then
			imgtool remove "$bundles/over"
		fi
		equals "$(ls -A "$bundles")" ""
		[ ! -d "$store/layers" ] || equals "$(leftovers | grep -v -e -implied || true)" ""  # grep finds none
		[ ! -d "$store/bundles" ] || equals "$(references)" ""
	done
}

@test "a store that others may write to, or that is another user's, is refused" {
	three_layers
	mkdir "$store"
	chmod 777 "$store"
	fails "others may write" -- -q unpack --overlay "oci:$layout:v1" "$bundles/over"
	chmod 755 "$store"
	chown 1234 "$store"
	fails "belongs to user 1234" -- -q unpack --overlay "oci:$layout:v1" "$bundles/over"
	equals "$(ls -A "$store")" ""
}

@test "the store is found by option, environment and place" {
	three_layers
	imgtool -q unpack --overlay --store "$scratch/option" "oci:$layout:v1" "$bundles/a"
	imgtool -q --store "$scratch/global" unpack --overlay "oci:$layout:v1" "$bundles/b"
	overlay_bundle c
	equals "$(jq -r .store "$bundles"/?/imgtool.json)" "$scratch/option
$scratch/global
$store"
	equals "$(stat -c %a "$scratch/option" "$store")" "700
700"
	# Each bundle knows its own.
	imgtool remove "$bundles/a" "$bundles/b" "$bundles/c"
}
