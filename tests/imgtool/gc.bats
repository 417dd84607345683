#!/usr/bin/env bats
# imgtool gc: what no bundle uses goes, and nothing else.
# shellcheck disable=SC2154 # the files that are loaded assign variables
load helpers
load trees
load store

setup()
{
	new_layout
	new_store
	layer_of 'head -c 100000 /dev/zero >base'
	layer_of 'echo upper >upper; mkdir d'
	add_image v1
}

teardown()
{
	drop_store
}

@test "layers of a bundle stay, those of a removed one go, with how much that frees" {
	overlay_bundle one
	overlay_bundle two
	run -0 imgtool gc
	equals "$output" "freed: 0 bytes"
	imgtool remove "$bundles/one"
	run -0 imgtool gc
	equals "$output" "freed: 0 bytes"
	equals "$(cat "$bundles/two/rootfs/upper")" upper
	imgtool remove "$bundles/two"
	run -0 imgtool gc --dry-run
	equals "$(grep -c '^layer [0-9a-f]\{64\}: [0-9]* bytes$' <<<"$output")" 2
	freed=$(sed -n 's/^to free: \(.*\) bytes$/\1/p' <<<"$output")
	((freed > 100000 && freed < 200000))
	equals "$(stored | wc -l)" 2
	run -0 imgtool gc
	output_has "freed: $freed bytes"
	equals "$(stored)" ""
	overlay_bundle three
}

@test "what both images of a store use stays with the second" {
	layer_of 'head -c 100000 /dev/zero >base'
	layer_of 'echo other >other'
	add_image v2
	overlay_bundle one
	imgtool -q unpack --overlay "oci:$layout:v2" "$bundles/two"
	imgtool remove "$bundles/one"
	imgtool gc
	equals "$(cat "$bundles/two/rootfs/other")" other
	equals "$(stored | wc -l)" "$(jq '.layers | length' "$bundles/two/imgtool.json")"
}

@test "an unmounted bundle keeps its layers" {
	overlay_bundle one
	imgtool umount "$bundles/one"
	run -0 imgtool gc
	equals "$output" "freed: 0 bytes"
	imgtool mount "$bundles/one"
	equals "$(cat "$bundles/one/rootfs/upper")" upper
}

@test "a bundle that was removed by hand is dead, unless it is still mounted" {
	local reference
	overlay_bundle one
	reference=$(jq -r .reference "$bundles/one/imgtool.json")
	rm -r "$bundles/one/imgtool.json" "$bundles/one/overlay/reference"
	run -0 imgtool gc
	equals "$output" "freed: 0 bytes"
	equals "$(cat "$bundles/one/rootfs/upper")" upper
	umount "$bundles/one/rootfs"
	rm -r "$bundles/one"
	run -0 imgtool gc
	output_has "reference $reference: 0 bytes"
	equals "$(stored)$(references)" ""
}

@test "a bundle that names another store is dead" {
	overlay_bundle one
	imgtool umount "$bundles/one"
	jq '.store = "/somewhere/else"' "$bundles/one/imgtool.json" >"$scratch/json"
	cp "$scratch/json" "$bundles/one/imgtool.json"
	rm "$bundles/one/overlay/reference"
	imgtool gc
	equals "$(stored)$(references)" ""
}

@test "what a killed process left goes" {
	overlay_bundle one
	key=$(printf %064d 1)
	local workdir=$store/layers/$key-on-lower.new/work
	mkdir -p "$store/layers/$key.new/fs/deep" "$store/layers/$key.dead" "$workdir"/work "$store/layers/$key-implied/fs"
	# As the kernel leaves it.
	chmod 0 "$workdir"/work
	touch "$store/bundles/x.json.7.tmp" "$store/locks/$key"
	run -0 imgtool gc
	equals "$(grep -c '^leftover 0*1: ' <<<"$output")" 2
	equals "$(grep -c '^leftover 0*1-on-lower: ' <<<"$output")" 1
	equals "$(grep -c '^layer 0*1-implied: ' <<<"$output")" 1
	equals "$(leftovers)" ""
	equals "$(references)" "$(jq -r .reference "$bundles/one/imgtool.json").json"
	equals "$(ls "$store/locks")" ""
}

@test "files that the store did not make are not touched" {
	overlay_bundle one
	imgtool remove "$bundles/one"
	touch "$store/layers/README" "$store/note" "$store/bundles/note"
	mkdir "$store/layers/backup.new"
	imgtool gc
	[ -e "$store/layers/README" ] && [ -e "$store/note" ] && [ -e "$store/layers/backup.new" ]
	[ -e "$store/bundles/note" ]
}

@test "gc waits for those who use the store" {
	local holder
	overlay_bundle one
	imgtool remove "$bundles/one"
	flock --shared "$store/lock" sleep 1 3>&- &
	holder=$!
	sleep 0.2
	run -0 imgtool gc
	output_has "waiting for another imgtool"
	equals "$(stored)" ""
	wait "$holder"
}

@test "a reference that cannot be read ends it before anything is removed" {
	overlay_bundle one
	imgtool remove "$bundles/one"
	echo '{"bundle": 1}' >"$store/bundles/$(printf %032d 0).json"
	run -1 imgtool gc
	output_has "$(printf %032d 0).json: bundle: "
	output_has "remove that file when its bundle is gone"
	equals "$(stored | wc -l)" 2
}

@test "JSON, quiet, and no store" {
	overlay_bundle one
	imgtool remove "$bundles/one"
	run -0 imgtool --json gc -n
	equals "$(jq -r '.kind + " " + (.bytes | type)' <<<"$output" | sort -u)" "layer number"
	run -0 imgtool -q gc
	equals "$output" ""
	equals "$(stored)" ""
	run -0 env IMGTOOL_STORE="$scratch/absent" "$IMGTOOL" gc
	equals "$output" ""
	[ ! -e "$scratch/absent" ]
	fails "absent" -- gc --store "$scratch/absent"
	mkdir "$scratch/other"
	fails "open bundles: no such file" -- gc --store "$scratch/other"
	equals "$(ls -A "$scratch/other")" ""
}
