#!/usr/bin/env bats
# imgtool inspect: which image a reference means, and what is told of it.
load helpers

setup()
{
	new_layout
}

# inspected [OPTION…] REFERENCE: the manifest digest of the image that was meant.
inspected()
{
	imgtool inspect --format json "$@" | jq -r .manifestDigest
}

@test "the table has the config, the layers and the history" {
	small_image v1 '.config = {User: "bin", Entrypoint: ["/bin/sh", "-c"], Cmd: ["echo a b"], Env: ["A=1", "B=2"],
		WorkingDir: "/tmp", StopSignal: "SIGINT", ExposedPorts: {"80/tcp": {}, "81/udp": null}, Volumes: {"/data": {}},
		Labels: {maker: "test"}} | .author = "somebody" | .history += [{created_by: "CMD", empty_layer: true}]'
	run -0 imgtool inspect "$layout"
	for line in "Name:           v1" "Manifest:       $(digest_of "$manifest")" "Config:         $(digest_of "$config")" \
		"Platform:       linux/amd64" "Created:        2020-01-02T03:04:05Z" "Author:         somebody" \
		'Entrypoint:     ["/bin/sh", "-c"]' 'Cmd:            ["echo a b"]' "User:           bin" \
		"Working dir:    /tmp" "Stop signal:    SIGINT" "Env:            A=1" "Env:            B=2" \
		"Exposed port:   80/tcp" "Exposed port:   81/udp" "Volume:         /data" "Label:          maker=test" \
		"2 layers, "; do
		output_has "$line"
	done
	for digest in $(jq -r '.layers[].digest' "$(blob_file "$(digest_of "$manifest")")") \
		$(jq -r '.rootfs.diff_ids[]' "$(blob_file "$(digest_of "$config")")"); do
		output_has "$digest"
	done
	[[ ${lines[-1]} =~ ^-\ +-\ +-\ +CMD$ ]]
	[[ ${lines[-2]} =~ ^2020-01-02T03:04:05Z\ +[0-9.]+\ k?B\ +-\ +a\ test$ ]]
}

@test "JSON has the documents as they are" {
	small_image v1
	run -0 imgtool inspect --format json "$layout"
	equals "$(jq -cS .config <<<"$output")" "$(jq -cS . "$(blob_file "$(digest_of "$config")")")"
	equals "$(jq -cS .manifest <<<"$output")" "$(jq -cS . "$(blob_file "$(digest_of "$manifest")")")"
	equals "$(jq -c '[.names, .manifestDigest, .configDigest, .platform]' <<<"$output")" \
		"[[\"v1\"],\"$(digest_of "$manifest")\",\"$(digest_of "$config")\",\"linux/amd64\"]"
	equals "$(jq -c '[.layers[] | {mediaType, digest, size}]' <<<"$output")" \
		"$(jq -c .layers "$(blob_file "$(digest_of "$manifest")")")"
	equals "$(jq -c '[.layers[].diffID]' <<<"$output")" \
		"$(jq -c .rootfs.diff_ids "$(blob_file "$(digest_of "$config")")")"
	equals "$(jq .size <<<"$output")" "$(jq '[.layers[].size] | add' "$(blob_file "$(digest_of "$manifest")")")"
}

@test "--raw prints the very bytes" {
	small_image v1
	imgtool inspect --raw manifest "$layout" >"$scratch/manifest"
	cmp "$scratch/manifest" "$(blob_file "$(digest_of "$manifest")")"
	imgtool inspect --raw config "$layout" >"$scratch/config"
	cmp "$scratch/config" "$(blob_file "$(digest_of "$config")")"
	fails "--raw 'index': is neither manifest nor config" -- inspect --raw index "$layout"
}

@test "tags, digests, and what they may look like" {
	small_image v1
	one=$manifest
	small_image registry.example:5000/a/b:v2@x '.author = "two"'
	equals "$(inspected "oci:$layout:v1")" "$(digest_of "$one")"
	equals "$(inspected "oci:$layout:registry.example:5000/a/b:v2@x")" "$(digest_of "$manifest")"
	equals "$(inspected "$layout:v1")" "$(digest_of "$one")"
	equals "$(inspected "oci:$layout@$(digest_of "$manifest")")" "$(digest_of "$manifest")"
	equals "$(inspected "oci:$layout:@$(digest_of "$manifest")")" "$(digest_of "$manifest")"
	fails "several images could be meant: v1, registry.example:5000/a/b:v2@x" -- inspect "$layout"
	fails "no image is named 'v3': there is v1, registry.example:5000/a/b:v2@x" -- inspect "oci:$layout:v3"
	fails "leads to nothing with the digest" -- inspect "oci:$layout@$(digest_of "$config")"
	fails "transport 'docker' is not known; known are oci, oci-archive and docker-archive" -- inspect docker://busybox
	fails "no path is given" -- inspect oci:
	fails "nothing follows the colon" -- inspect "oci:$layout:"
}

@test "one image under several tags is one image" {
	small_image v1
	add_to_index "$manifest" latest
	run -0 imgtool inspect --format json "$layout"
	equals "$(jq -c .names <<<"$output")" '["v1","latest"]'
}

@test "a tag on two images is no name, unless their platforms tell them apart" {
	small_image v1
	one=$manifest
	small_image v1 '.architecture = "arm64"'
	equals "$(inspected --platform linux/amd64 "oci:$layout:v1")" "$(digest_of "$one")"
	equals "$(inspected --platform linux/arm64 "oci:$layout:v1")" "$(digest_of "$manifest")"
	small_image v1 '.author = "three"'
	fails "several images could be meant" -- inspect --platform linux/amd64 "oci:$layout:v1"
}

# nested PLATFORM…: an index of images with these platforms in their descriptors ("-": none), tagged "all".
nested()
{
	local platform fields
	for platform; do
		small_image "" ".author = \"$platform\""
		[ "$platform" = - ] && continue
		IFS=/ read -ra fields <<<"$platform"
		jq -c ".manifests[-1].platform = {os: \"${fields[0]}\", architecture: \"${fields[1]}\"}
			| if \"${fields[2]:-}\" != \"\" then .manifests[-1].platform.variant = \"${fields[2]:-}\" else . end" \
			"$layout/index.json" >"$scratch/nested"
		cp "$scratch/nested" "$layout/index.json"
	done
	index=$(add_blob "$OCI.index.v1+json" <"$layout/index.json")
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_to_index "$index" all
}

# chosen PLATFORM: the author of the image for it.
chosen()
{
	imgtool inspect --format json --platform "$1" "oci:$layout:all" | jq -r .config.author
}

@test "an index is resolved by platform, the exact variant first, then what the processor runs too" {
	nested linux/arm/v5 linux/arm/v6 linux/arm/v7 linux/arm64 linux/amd64 linux/amd64/v3 unknown/unknown windows/amd64
	equals "$(chosen linux/arm/v7)" linux/arm/v7
	equals "$(chosen linux/arm/v6)" linux/arm/v6
	equals "$(chosen linux/arm/v8)" linux/arm/v7
	equals "$(chosen linux/arm)" linux/arm/v7
	equals "$(chosen linux/arm64)" linux/arm64
	equals "$(chosen linux/arm64/v8)" linux/arm64
	equals "$(chosen linux/aarch64)" linux/arm64
	equals "$(chosen linux/amd64)" linux/amd64
	equals "$(chosen linux/amd64/v2)" linux/amd64
	equals "$(chosen linux/amd64/v3)" linux/amd64/v3
	equals "$(chosen windows/amd64)" windows/amd64
	fails "no image is for linux/s390x: there is linux/arm/v5, linux/arm/v6" -- inspect --platform linux/s390x "oci:$layout:all"
	fails "is not OS/ARCHITECTURE" -- inspect --platform linux "oci:$layout:all"
}

@test "of several that suit within one index the first counts" {
	nested linux/amd64
	cp "$layout/index.json" "$scratch/keep"
	small_image "" '.author = "first"'
	small_image "" '.author = "second"'
	jq -c '.manifests |= .[1:]' "$layout/index.json" >"$scratch/two"
	index=$(add_blob "$OCI.index.v1+json" <"$scratch/two")
	cp "$scratch/keep" "$layout/index.json"
	add_to_index "$index" two
	run -0 imgtool inspect --format json "oci:$layout:two"
	equals "$(jq -r .config.author <<<"$output")" first
}

@test "without a platform in the descriptor the config says it" {
	nested linux/arm64 -
	equals "$(chosen linux/amd64)" -
}

@test "an index within an index, by tag and by its digest" {
	nested linux/arm64 linux/amd64
	index=$(add_blob "$OCI.index.v1+json" <"$layout/index.json")
	inner=$(jq -r '.manifests[0].digest' "$layout/index.json")
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_to_index "$index" all
	equals "$(chosen linux/amd64)" linux/amd64
	run -0 imgtool inspect --format json "oci:$layout@$inner"
	equals "$(jq -r .config.author <<<"$output")" linux/amd64
}

@test "an index's digest leads to what it shares with another index" {
	local inner other
	nested linux/amd64
	inner=$(jq -c '.manifests[0] | del(.annotations)' "$layout/index.json")
	other=$(jq -cn "{schemaVersion: 2, annotations: {a: \"b\"}, manifests: [$inner]}" | add_blob "$OCI.index.v1+json")
	add_to_index "$other" other
	run -0 imgtool inspect --format json "oci:$layout@$(digest_of "$other")"
	equals "$(jq -r .config.author <<<"$output")" linux/amd64
	# What the digest does not lead through need not be there.
	add_to_index "{\"mediaType\":\"$OCI.index.v1+json\",\"digest\":\"sha256:$(printf 0%.0s {1..64})\",\"size\":1}" missing
	run -0 imgtool inspect "oci:$layout@$(digest_of "$other")"
	fails "no such file" -- inspect "$layout"
}

@test "Docker's media types are taken as OCI's" {
	small_image v1
	folder=$(tree)
	: >"$folder/file"
	add_layer "$(tar_of "$folder")" gzip application/vnd.docker.image.rootfs.diff.tar.gzip
	add_layer "$(tar_of "$folder" --mtime=@1)" none application/vnd.docker.image.rootfs.foreign.diff.tar
	add_layer "$(tar_of "$folder" --mtime=@2)" zstd "$OCI.layer.nondistributable.v1.tar+zstd"
	config=$(make_config | add_blob application/vnd.docker.container.image.v1+json)
	type=application/vnd.docker.distribution.manifest.v2+json
	manifest=$(make_manifest "$config" ".mediaType = \"$type\"" | add_blob "$type")
	type=application/vnd.docker.distribution.manifest.list.v2+json
	index=$(jq -cn "{schemaVersion: 2, mediaType: \"$type\", manifests: [$manifest]}" | add_blob "$type")
	add_to_index "$index" docker
	equals "$(inspected "oci:$layout:docker")" "$(digest_of "$manifest")"
	run -0 imgtool verify "oci:$layout:docker"
}

@test "signatures and other artifacts beside an image do not hide it" {
	small_image
	one=$manifest
	artifact=$(jq -cn --argjson empty "$(echo -n '{}' | add_blob application/vnd.oci.empty.v1+json)" \
		'{schemaVersion: 2, artifactType: "application/example", config: $empty, layers: [$empty]}' |
		add_blob "$OCI.manifest.v1+json")
	add_to_index "$artifact"
	add_to_index '{"mediaType":"application/xml","digest":"sha256:none","size":1}'
	equals "$(inspected "$layout")" "$(digest_of "$one")"
	fails "there is no image, only media type 'application/vnd.oci.empty.v1+json'" -- \
		inspect "oci:$layout@$(digest_of "$artifact")"
}

@test "a tag of containerd's and Docker's layouts is told apart by the whole name" {
	small_image latest
	one=$manifest
	small_image latest '.author = "two"'
	jq -c '.manifests[0].annotations["io.containerd.image.name"] = "docker.io/library/one:latest"
		| .manifests[1].annotations["io.containerd.image.name"] = "docker.io/example/two:latest"' \
		"$layout/index.json" >"$scratch/names"
	cp "$scratch/names" "$layout/index.json"
	equals "$(inspected "oci:$layout:one")" "$(digest_of "$one")"
	equals "$(inspected "oci:$layout:example/two:latest")" "$(digest_of "$manifest")"
	fails "docker.io/library/one:latest, docker.io/example/two:latest" -- inspect "oci:$layout:latest"
}

@test "what umoci writes without a history is an image" {
	umoci init --layout "$scratch/umoci"
	umoci new --image "$scratch/umoci:v1"
	umoci unpack --image "$scratch/umoci:v1" "$scratch/bundle"
	echo text >"$scratch/bundle/rootfs/file"
	umoci repack --no-history --image "$scratch/umoci:v1" "$scratch/bundle"
	run -0 imgtool inspect "oci:$scratch/umoci:v1"
	output_has "1 layer, "
}

@test "control characters reach no terminal" {
	small_image v1 '.author = "a\u001b[2Jb\u009bc\u007fd" | .history[0].created_by = "x\ny"'
	run -0 imgtool inspect "$layout"
	output_has 'a?[2Jb??c?d'
	output_has 'x?y'
	run -0 imgtool inspect --format json "$layout"
	# shellcheck disable=SC1003 # the backslash is JSON's
	output_has 'a\u001b[2Jb\u009bc\u007fd'
}
