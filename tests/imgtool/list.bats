#!/usr/bin/env bats
# imgtool list: every image of a layout or an archive, as a table and as JSON.
load helpers

setup()
{
	new_layout
}

@test "every tag has a line with platform, size and digest" {
	small_image v1
	first=$manifest
	small_image v2 '.architecture = "arm" | .variant = "v7"'
	run -0 imgtool list "$layout"
	equals "${#lines[@]}" 3
	[[ ${lines[0]} =~ ^NAME\ +PLATFORM\ +SIZE\ +DIGEST$ ]]
	[[ ${lines[1]} =~ ^v1\ +linux/amd64\ +[0-9.]+\ kB\ +$(digest_of "$first")$ ]]
	[[ ${lines[2]} =~ ^v2\ +linux/arm/v7\ +[0-9.]+\ kB\ +$(digest_of "$manifest")$ ]]
}

@test "JSON has the same, sizes in bytes" {
	local expected
	small_image v1
	expected=$(jq -s '[.[] | .size] | add' <(jq -c '.config, .layers[]' "$(blob_file "$(digest_of "$manifest")")"))
	run -0 imgtool list --format json "$layout"
	equals "$(jq -c . <<<"$output")" \
		"[{\"name\":\"v1\",\"digest\":\"$(digest_of "$manifest")\",\"platform\":\"linux/amd64\",\"size\":$expected}]"
}

@test "an empty layout has no lines" {
	run -0 imgtool list --format json "$layout"
	equals "$(jq -c . <<<"$output")" "[]"
	run -0 imgtool list "$layout"
	equals "${#lines[@]}" 1
}

@test "images without a name are listed too, and those of an index below each of its tags" {
	local index
	small_image
	add_to_index "$(jq -c '.platform = {os: "linux", architecture: "s390x"}' <<<"$manifest")"
	index=$(add_blob "$OCI.index.v1+json" <"$layout/index.json")
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_to_index "$manifest"
	add_to_index "$index" a
	add_to_index "$index" b
	run -0 imgtool list --format json "$layout"
	equals "$(jq -c '[.[] | [.name, .platform]]' <<<"$output")" \
		'[["","linux/amd64"],["a","linux/amd64"],["a","linux/s390x"],["b","linux/amd64"],["b","linux/s390x"]]'
}

@test "a reference narrows the list, and one that means nothing is an error" {
	small_image v1
	small_image v2 '.author = "another"'
	run -0 imgtool list "oci:$layout:v2"
	equals "${#lines[@]}" 2
	output_has v2
	run -0 imgtool list "oci:$layout@$(digest_of "$manifest")"
	equals "${#lines[@]}" 2
	fails "v3" -- list "oci:$layout:v3"
}

@test "what is missing or no image is shown, or passed over" {
	small_image there
	small_image gone '.author = "gone"'
	rm "$(blob_file "$(digest_of "$manifest")")"
	add_to_index '{"mediaType":"application/xml","digest":"sha256:'"$(printf 0%.0s {1..64})"'","size":1}' xml
	run -0 imgtool list --format json "$layout"
	equals "$(jq -c '[.[] | [.name, .platform, .size == null]]' <<<"$output")" \
		'[["there","linux/amd64",false],["gone","",true]]'
}

@test "docker-archive: every tag of every image" {
	small_image one
	skopeo copy -q "oci:$layout:one" "docker-archive:$scratch/image.tar:example/one:v1"
	run -0 imgtool list "docker-archive:$scratch/image.tar"
	equals "${#lines[@]}" 2
	output_has example/one:v1
	output_has linux/amd64
	output_has "$(jq -r '.[0].Config | rtrimstr(".json")' <(tar xOf "$scratch/image.tar" manifest.json))"
}

@test "control characters of a name reach no terminal" {
	small_image $'evil\e[31m\x7f\xc2\x9bname'
	run -0 imgtool list "$layout"
	output_has 'evil?[31m???name'
	run -0 imgtool list --format json "$layout"
	# shellcheck disable=SC1003 # the backslash is JSON's
	output_has 'evil\u001b[31m\u007f\u009bname'
}

@test "words that are no format, and too many or no images, are refused" {
	fails "--format 'xml': is neither table nor json" -- list --format xml "$layout"
	run -1 imgtool list
	run -1 imgtool list a b
}
