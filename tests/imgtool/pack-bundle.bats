#!/usr/bin/env bats
# imgtool pack of a bundle: a new layer of what its container changed, on top of the image that it was made of.
# shellcheck disable=SC2154 # new_layout sets layout and scratch
load helpers
load ../docker
load trees
load containers

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
	[ "$(id -u)" -eq 0 ] || skip "devices and owners need root"
	new_layout
	unset SOURCE_DATE_EPOCH
	bundle=$BATS_TEST_TMPDIR/bundle
	export IMGTOOL_STORE=$BATS_TEST_TMPDIR/store
	mkdir "$IMGTOOL_STORE"
}

teardown()
{
	[ ! -d "${bundle:-/nowhere}/overlay" ] || imgtool remove "$bundle"
	no_containers
}

first_files()
{
	mkdir -p a/deep/er keep replaced opaque
	echo 1 >a/deep/er/file
	echo gone >gone
	echo one >keep/one
	echo two >keep/two
	ln keep/two keep/too
	echo f >replaced/f
	echo file >file
	ln -s file link
	echo x >opaque/old
	echo y >opaque/kept
	chmod 4755 keep/one
}

change_files()
{
	echo changed >>a/deep/er/file
	rm gone link
	mkdir link
	echo in >link/in
	rm -r replaced
	echo now >replaced
	rm file
	mkfifo file
	chmod 700 keep
	rm -r opaque
	mkdir opaque
	echo z >opaque/kept
	echo new >new
	ln new new.too
	mknod null c 1 3
	setfattr -n user.a -v b new
	chown 5:6 new
	touch -d '2020-01-02 03:04:05.678' new
}

# An image of two layers with what Docker alone writes, and a changed bundle of it: changed_bundle [--overlay]
changed_bundle()
{
	local folder
	folder=$(tree)
	(cd "$folder" && first_files)
	add_layer "$(tar_of "$folder")" gzip
	folder=$(tree)
	echo second >"$folder/second"
	add_layer "$(tar_of "$folder")" none
	add_image v1 '.config += {Healthcheck: {Test: ["NONE"]}, Env: ["A=1", "B=2"], Entrypoint: ["/e"], Labels: {a: "b"}}'
	imgtool --quiet unpack "$@" "oci:$layout:v1" "$bundle"
	(cd "$bundle/rootfs" && change_files)
}

# An overlay counts further names of a file that are in lower layers alone.
without_links_of_directories()
{
	tree_list "$1" | sed -E 's/^(.*\|d\|[^|]*\|[^|]*\|)[0-9]+/\1/; s/ trusted\.overlay\.[a-z]*=[^ ]*//g; /^# file: [^ ]*$/d'
}

same_roots()
{
	diff -u <(without_links_of_directories "$1") <(without_links_of_directories "$2")
}

packs_what_changed()
{
	changed_bundle "$@"
	run -0 imgtool --quiet pack "$bundle" "oci:$layout:v2" --message "my changes"
	run -0 imgtool verify "oci:$layout:v2"
	imgtool --quiet unpack --rootfs-only "oci:$layout:v2" "$scratch/ours"
	same_roots "$bundle/rootfs" "$scratch/ours/rootfs"
	if command -v umoci >/dev/null; then
		umoci unpack --image "$layout:v2" "$scratch/theirs" >/dev/null
		same_trees "$scratch/theirs/rootfs" "$scratch/ours/rootfs"
	fi
	run -0 imgtool inspect --format json "oci:$layout:v2"
	equals "$(jq '.layers | length' <<<"$output")" 3
}

raw()
{
	imgtool inspect --raw "$1" "$2"
}

@test "what changed in an overlay bundle is a layer" {
	packs_what_changed --overlay
}

@test "what changed in a plain bundle is a layer" {
	packs_what_changed
}

@test "the layers below are the image's own, and so is what we do not know of its configuration" {
	changed_bundle --overlay
	imgtool --quiet pack "$bundle" "oci:$layout:v2" --env B=3 --label c=d --message why
	equals "$(raw manifest "oci:$layout:v2" | jq -c '.layers[:2]')" "$(raw manifest "oci:$layout:v1" | jq -c .layers)"
	equals "$(raw config "oci:$layout:v2" | jq -cS '.config')" \
		'{"Cmd":["/bin/sh"],"Entrypoint":["/e"],"Env":["A=1","B=3"],"Healthcheck":{"Test":["NONE"]},"Labels":{"a":"b","c":"d"}}'
	equals "$(raw config "oci:$layout:v2" | jq -c '[.history[].comment]')" '[null,null,"why"]'
	equals "$(raw config "oci:$layout:v2" | jq '.rootfs.diff_ids | length')" 3
	# Files of the layers below are not packed once more.
	run -0 tar -tzf "$layout/blobs/$(raw manifest "oci:$layout:v2" | jq -r '.layers[2].digest' | tr : /)"
	equals "$(grep -c second <<<"$output")" 0
}

@test "whiteouts stand for what was deleted, and nothing else does" {
	changed_bundle --overlay
	imgtool --quiet pack "$bundle" "oci:$layout:v2" --compression none
	equals "$(tar -tf "$layout/blobs/$(raw manifest "oci:$layout:v2" | jq -r '.layers[2].digest' | tr : /)" | grep -F .wh.)" \
		".wh.gone
opaque/.wh.old"
}

@test "the same changes have the same digest" {
	changed_bundle --overlay
	run -0 imgtool --quiet pack "$bundle" "oci:$layout:one"
	local first=$output
	imgtool umount "$bundle"
	run -0 imgtool --quiet pack "$bundle" "oci:$scratch/elsewhere:two"
	equals "$output" "$first"
}

@test "other layouts and archives get the layers below as well" {
	changed_bundle --overlay
	local to
	for to in "oci:$scratch/elsewhere:v2" "oci-archive:$scratch/one.tar:v2" "docker-archive:$scratch/two.tar:name:v2"; do
		imgtool --quiet pack "$bundle" "$to"
		run -0 imgtool verify "$to"
		rm -rf "$scratch/again"
		imgtool --quiet unpack --rootfs-only "$to" "$scratch/again"
		same_roots "$bundle/rootfs" "$scratch/again/rootfs"
	done
}

@test "a bundle can be packed again and again under one tag" {
	changed_bundle --overlay
	run -0 imgtool --quiet pack "$bundle" "oci:$layout:v1"
	echo more >"$bundle/rootfs/more"
	run -0 imgtool --quiet pack "$bundle" "oci:$layout:v1"
	equals "$(raw manifest "oci:$layout:v1" | jq '.layers | length')" 3
	imgtool --quiet unpack --rootfs-only "oci:$layout:v1" "$scratch/again"
	[ -e "$scratch/again/rootfs/more" ]
}

@test "a bundle that nobody changed gives no layer, but a configuration" {
	small_image v1
	imgtool --quiet unpack --overlay "oci:$layout:v1" "$bundle"
	imgtool --quiet pack "$bundle" "oci:$layout:v2" --env NEW=1
	equals "$(raw manifest "oci:$layout:v2" | jq -c .layers)" "$(raw manifest "oci:$layout:v1" | jq -c .layers)"
	equals "$(raw config "oci:$layout:v2" | jq -c '[.config.Env, .history[-1].empty_layer]')" '[["NEW=1"],true]'
	run -0 imgtool verify "oci:$layout:v2"
}

@test "an image that has moved is found with --from, another one is refused" {
	changed_bundle --overlay
	small_image other
	cp -r "$layout" "$scratch/moved"
	jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] == "other"))' \
		"$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
	mv "$layout/blobs" "$layout/gone"
	fails "image below: " "--from IMAGE says where it is now" -- pack "$bundle" "oci:$scratch/new:v2"
	[ ! -e "$scratch/new" ]
	imgtool --quiet pack "$bundle" "oci:$scratch/new:v2" --from "oci:$scratch/moved:v1"
	run -0 imgtool verify "oci:$scratch/new:v2"
	fails "is not the image that the bundle was made of" -- \
		pack "$bundle" "oci:$scratch/new:v3" --from "oci:$scratch/moved:other"
	mv "$layout/gone" "$layout/blobs"
}

@test "a blob below that is not what its digest says is not copied" {
	changed_bundle --overlay
	local layer
	layer=$layout/blobs/$(raw manifest "oci:$layout:v1" | jq -r '.layers[0].digest' | tr : /)
	flip "$layer" 100
	fails "its content has the digest" -- pack "$bundle" "oci:$scratch/new:v2"
	[ ! -e "$scratch/new" ]
	fails "its content has the digest" -- pack "$bundle" "oci-archive:$scratch/new.tar"
	equals "$(find "$scratch" -maxdepth 1 -name 'new*')" ""
}

@test "a folder goes on top of an image" {
	small_image v1
	mkdir "$scratch/folder"
	echo three >"$scratch/folder/three"
	imgtool --quiet pack "$scratch/folder" "oci:$layout:v2" --from "oci:$layout:v1"
	imgtool --quiet unpack --rootfs-only "oci:$layout:v2" "$scratch/again"
	equals "$(cat "$scratch/again/rootfs"/{one,two,three} 2>/dev/null)" "$(imgtool --quiet unpack --rootfs-only "oci:$layout:v1" \
		"$scratch/below" && cat "$scratch/below/rootfs"/{one,two} 2>/dev/null; echo three)"
}

@test "bundles of others are refused, their root file system is not" {
	mkdir -p "$scratch/foreign/rootfs"
	echo '{}' >"$scratch/foreign/config.json"
	fails "is a bundle, but none of imgtool's" "rootfs can be packed as a whole" -- pack "$scratch/foreign" "oci:$scratch/new:v1"
	run -0 imgtool --quiet pack "$scratch/foreign/rootfs" "oci:$scratch/new:v1"
}

@test "what a container wrote runs in the packed image" {
	need_runtime orun
	busybox_image v1
	imgtool --quiet unpack --overlay "oci:$layout:v1" "$bundle" -- /bin/sh -c 'echo "echo packed" >/bin/tool; /bin/busybox chmod 755 /bin/tool; /bin/busybox rm /etc/group'
	run_bundle orun "$bundle"
	equals "$status: $output" "0: "
	imgtool --quiet pack "$bundle" "oci:$layout:v2" --entrypoint /bin/sh --cmd -c --cmd '/bin/tool; /bin/ls /etc'
	imgtool --quiet unpack "oci:$layout:v2" "$scratch/again"
	same_under_all "$scratch/again" "packed
passwd"
}

@test "Docker loads and runs the image" {
	need_docker
	busybox_image v1
	imgtool --quiet unpack --overlay "oci:$layout:v1" "$bundle"
	echo from the bundle >"$bundle/rootfs/etc/word"
	rm "$bundle/rootfs/etc/group"
	imgtool --quiet pack "$bundle" "docker-archive:$scratch/image.tar:packed:v1" --cmd cat --cmd /etc/word --label a=b
	docker load --input "$scratch/image.tar"
	equals "$(docker image inspect packed:v1 | jq -c '.[0] | [.Config.Cmd, .Config.Labels, (.RootFS.Layers | length)]')" \
		'[["cat","/etc/word"],{"a":"b"},2]'
	docker create --name files packed:v1 >/dev/null
	docker cp files:/etc "$scratch/etc"
	equals "$(ls "$scratch/etc")" "hostname
hosts
mtab
passwd
resolv.conf
word"
	docker save packed:v1 >"$scratch/saved.tar"
	run -0 imgtool verify "docker-archive:$scratch/saved.tar"
}
