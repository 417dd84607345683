#!/usr/bin/env bats
# imgtool verify: every blob of what a reference means is read and compared; and the archives that it reads.
load helpers

setup()
{
	new_layout
}

# lines_of WORD: how many lines of $output begin with it.
lines_of()
{
	# shellcheck disable=SC2154 # bats sets it
	grep -c "^$1 " <<<"$output" || true  # grep finds none
}

@test "all blobs of all platforms have a line, each once" {
	local nested
	small_image v1
	add_to_index "$manifest" v2
	small_image "" '.architecture = "s390x" | .author = "other"'
	nested=$(add_blob "$OCI.index.v1+json" <"$layout/index.json")
	add_to_index "$nested" all
	run -0 imgtool verify "$layout"
	equals "$(lines_of ok)" 7
	for word in index manifest config layer; do
		output_has "ok  $word"
	done
	run -0 imgtool verify "oci:$layout:v2"
	equals "$(lines_of ok)" 4
	run -0 imgtool --quiet verify "$layout"
	equals "$output" ""
}

@test "every problem is told, and the others are checked all the same" {
	local layers
	small_image v1
	small_image v2 '.author = "two"'
	mapfile -t layers < <(jq -r '.layers[].digest' "$(blob_file "$(digest_of "$manifest")")")
	flip "$(blob_file "${layers[0]}")"
	rm "$(blob_file "${layers[1]}")"
	flip "$(blob_file "$(digest_of "$config")")"
	fails "3 of 6 blobs are bad" -- verify "$layout"
	output_has "BAD layer"
	output_has "BAD config"
	output_has "no such file"
	equals "$(lines_of ok)" 3
}

@test "a bad manifest or index is told" {
	local nested
	small_image v1
	nested=$(add_blob "$OCI.index.v1+json" <"$layout/index.json")
	add_to_index "$nested" all
	flip "$(blob_file "$(digest_of "$nested")")"
	flip "$(blob_file "$(digest_of "$manifest")")"
	fails "2 of 2 blobs are bad" -- verify "$layout"
	output_has "BAD manifest $(digest_of "$manifest"): its content has the digest"
	output_has "BAD index    $(digest_of "$nested")"
}

@test "a layer is inflated: its diff_id counts, not only its digest" {
	folder=$(tree)
	echo text >"$folder/file"
	add_layer "$(tar_of "$folder")" gzip
	digest=$(digest_of "$(cat "$scratch/layers")")
	echo "sha256:$(printf 1%.0s {1..64})" >"$scratch/diff_ids"
	add_image v1
	fails "1 of 3 blobs are bad" -- verify "$layout"
	output_has "BAD layer    $digest"
}

@test "an image with more layers than diff_ids is told" {
	small_image v1 '.rootfs.diff_ids |= .[1:]'
	fails "blobs are bad" -- verify "$layout"
	output_has "2 layers, but the config has 1 diff_ids"
	fails "2 layers, but the config has 1 diff_ids" -- inspect "$layout"
}

@test "blobs of artifacts and of unknown media types are compared too" {
	local artifact other
	artifact=$(jq -cn --argjson empty "$(echo -n '{}' | add_blob application/vnd.oci.empty.v1+json)" \
		'{schemaVersion: 2, artifactType: "application/example", config: $empty, layers: [$empty]}' |
		add_blob "$OCI.manifest.v1+json")
	add_to_index "$artifact" artifact
	other=$(echo '<xml/>' | add_blob application/xml)
	add_to_index "$other" xml
	run -0 imgtool verify "$layout"
	equals "$(lines_of ok)" 4
	flip "$(blob_file "$(digest_of "$other")")"
	fails "1 of 4 blobs are bad" -- verify "$layout"
	output_has "BAD blob"
}

@test "sha512 is checked as sha256 is" {
	local file digest
	small_image v1
	file=$(blob_file "$(digest_of "$manifest")")
	digest=$(sha512sum <"$file" | cut -d ' ' -f 1)
	mkdir "$layout/blobs/sha512"
	cp "$file" "$layout/blobs/sha512/$digest"
	add_to_index "$(jq -c ".digest = \"sha512:$digest\"" <<<"$manifest")" large
	run -0 imgtool verify "oci:$layout:large"
	output_has "ok  manifest sha512:$digest"
	flip "$layout/blobs/sha512/$digest"
	fails "bad" -- verify "oci:$layout:large"
}

@test "an oci-archive, plain and compressed, with and without ./ before its names" {
	small_image v1
	tar -cf "$scratch/plain.tar" -C "$layout" oci-layout index.json blobs
	tar -cf "$scratch/dot.tar" --format=pax -C "$layout" .
	tar -cf "$scratch/v7.tar" --format=v7 -C "$layout" --owner=root --group=root oci-layout index.json blobs
	gzip -k "$scratch/plain.tar"
	zstd -q "$scratch/plain.tar"
	xz -k "$scratch/dot.tar"
	bzip2 -k "$scratch/plain.tar"
	mkdir "$scratch/tmp"
	for file in plain.tar dot.tar v7.tar plain.tar.gz plain.tar.zst dot.tar.xz plain.tar.bz2; do
		TMPDIR=$scratch/tmp run -0 imgtool verify "oci-archive:$scratch/$file:v1"
		equals "$(lines_of ok)" 4
		equals "$(find "$scratch/tmp" -mindepth 1)" ""
	done
	fails "no image is named 'v2': there is v1" -- inspect "oci-archive:$scratch/plain.tar:v2"
}

@test "an oci-archive that skopeo wrote" {
	small_image v1
	skopeo copy -q "oci:$layout:v1" "oci-archive:$scratch/image.tar:example/name:v9"
	run -0 imgtool verify "oci-archive:$scratch/image.tar:example/name:v9"
	equals "$(lines_of ok)" 4
}

@test "a docker-archive that skopeo wrote: two images, by name, by part of the name and by number" {
	small_image one
	small_image two '.author = "two"'
	skopeo copy -q "oci:$layout:one" "docker-archive:$scratch/one.tar:docker.io/library/one:latest"
	skopeo copy -q "oci:$layout:two" "docker-archive:$scratch/two.tar:registry.example:5000/two:v2"
	mkdir "$scratch/both"
	tar -xf "$scratch/one.tar" -C "$scratch/both"
	cp "$scratch/both/manifest.json" "$scratch/manifest-one"
	tar -xf "$scratch/two.tar" -C "$scratch/both"
	jq -cs 'add' "$scratch/manifest-one" "$scratch/both/manifest.json" >"$scratch/manifest"
	cp "$scratch/manifest" "$scratch/both/manifest.json"
	tar -cf "$scratch/both.tar" -C "$scratch/both" .
	run -0 imgtool verify "docker-archive:$scratch/both.tar"
	equals "$(lines_of ok)" 4
	for name in one one:latest library/one docker.io/library/one:latest @0; do
		run -0 imgtool inspect --format json "docker-archive:$scratch/both.tar:$name"
		equals "$(jq -c .names <<<"$output")" '["docker.io/library/one:latest"]'
	done
	for name in registry.example:5000/two:v2 @1; do
		run -0 imgtool inspect --format json "docker-archive:$scratch/both.tar:$name"
		equals "$(jq -r .config.author <<<"$output")" two
	done
	fails "2 images could be meant" "registry.example:5000/two:v2" -- inspect "docker-archive:$scratch/both.tar"
	fails "no image is named 'registry.example:5000/two:latest'" -- \
		inspect "docker-archive:$scratch/both.tar:registry.example:5000/two"
	fails "the last image is number 1" -- inspect "docker-archive:$scratch/both.tar:@2"
	fails "has no manifest" -- inspect --raw manifest "docker-archive:$scratch/both.tar:@0"
	fails "no image is for linux/s390x: there is linux/amd64" -- \
		inspect --platform linux/s390x "docker-archive:$scratch/both.tar:@0"
}

# docker_save_old: a folder as Docker 1.10 to 24 wrote it, in $saved: a layer that occurs twice is a link the second time.
docker_save_old()
{
	local folder id
	saved=$scratch/saved
	folder=$(tree)
	echo text >"$folder/file"
	tar=$(tar_of "$folder")
	echo "sha256:$(sha256_of "$tar")" | tee "$scratch/diff_ids" >>"$scratch/both"
	echo "sha256:$(sha256_of "$tar")" >>"$scratch/diff_ids"
	mkdir -p "$saved"
	for id in aaaa bbbb; do
		mkdir "$saved/$id"
		echo 1.0 >"$saved/$id/VERSION"
		echo '{}' >"$saved/$id/json"
	done
	cp "$tar" "$saved/aaaa/layer.tar"
	ln -s ../aaaa/layer.tar "$saved/bbbb/layer.tar"
	make_config >"$saved/config"
	config=$(sha256_of "$saved/config").json
	mv "$saved/config" "$saved/$config"
	echo '{"old":{"latest":"bbbb"}}' >"$saved/repositories"
	echo "[{\"Config\":\"$config\",\"RepoTags\":[\"old:latest\"],\"Layers\":[\"aaaa/layer.tar\",\"bbbb/layer.tar\"]}]" \
		>"$saved/manifest.json"
}

@test "docker save before 25: layers that are links to other members" {
	docker_save_old
	tar -cf "$scratch/old.tar" -C "$saved" .
	run -0 imgtool verify "docker-archive:$scratch/old.tar:old"
	equals "$(lines_of ok)" 3
	run -0 imgtool inspect --format json "docker-archive:$scratch/old.tar"
	equals "$(jq -c '[.names, .configDigest, (.layers | length)]' <<<"$output")" \
		"[[\"old:latest\"],\"sha256:${config%.json}\",2]"
	ln -f "$saved/aaaa/layer.tar" "$saved/bbbb/layer.tar"
	tar -cf "$scratch/hard.tar" -C "$saved" .
	[[ $(tar -tvf "$scratch/hard.tar") == *"link to ./aaaa/layer.tar"* || $(tar -tvf "$scratch/hard.tar") == *"link to ./bbbb/layer.tar"* ]]
	run -0 imgtool verify "docker-archive:$scratch/hard.tar:old"
	gzip -k "$scratch/hard.tar"
	run -0 imgtool verify "docker-archive:$scratch/hard.tar.gz"
}

@test "docker save from 25 on is both: an oci-archive and a docker-archive" {
	small_image latest
	layers=$(jq -c '[.layers[].digest | sub(":"; "/") | "blobs/" + .]' "$(blob_file "$(digest_of "$manifest")")")
	jq -cn --arg config "blobs/$(digest_of "$config" | tr : /)" --argjson layers "$layers" \
		'[{Config: $config, RepoTags: ["new:latest"], Layers: $layers, LayerSources: {}}]' >"$layout/manifest.json"
	tar -cf "$scratch/new.tar" -C "$layout" .
	run -0 imgtool verify "docker-archive:$scratch/new.tar:new"
	equals "$(lines_of ok)" 3
	run -0 imgtool verify "oci-archive:$scratch/new.tar:latest"
	equals "$(lines_of ok)" 4
	flip "$(blob_file "$(jq -r '.layers[0].digest' "$(blob_file "$(digest_of "$manifest")")")")"
	tar -cf "$scratch/new.tar" -C "$layout" .
	fails "1 of 3 blobs are bad" -- verify "docker-archive:$scratch/new.tar"
}

@test "members with long names, and one that was added later" {
	docker_save_old
	long=$(printf 'd%.0s' {1..90})/$(printf 'e%.0s' {1..90})/$(printf 'f%.0s' {1..90})
	mkdir -p "$saved/$long"
	mv "$saved/aaaa/layer.tar" "$saved/$long/layer.tar"
	rm "$saved/bbbb/layer.tar"
	ln -s "../$long/layer.tar" "$saved/bbbb/layer.tar"
	jq -c ".[0].Layers[0] = \"$long/layer.tar\"" "$saved/manifest.json" >"$scratch/manifest"
	echo '[]' >"$saved/manifest.json"
	for format in gnu pax; do
		tar -cf "$scratch/$format.tar" --format=$format -C "$saved" .
		cp "$scratch/manifest" "$scratch/manifest.json"
		tar -rf "$scratch/$format.tar" --format=$format -C "$scratch" manifest.json
		run -0 imgtool verify "docker-archive:$scratch/$format.tar"
		equals "$(lines_of ok)" 3
	done
}

@test "a member that is stored in pieces is refused" {
	docker_save_old
	truncate -s 1M "$saved/aaaa/layer.tar"
	for version in "--format=gnu" "--format=pax --sparse-version=0.0" "--format=pax --sparse-version=1.0"; do
		# shellcheck disable=SC2086 # two options
		tar -S $version -cf "$scratch/sparse.tar" -C "$saved" .
		fails "'aaaa/layer.tar' is stored as a sparse file" -- inspect "docker-archive:$scratch/sparse.tar"
	done
}

@test "a layer with another media type than its compression is read as it is" {
	folder=$(tree)
	echo text >"$folder/file"
	add_layer "$(tar_of "$folder")" gzip "$OCI.layer.v1.tar"
	add_image v1
	run -0 imgtool verify "$layout"
}

@test "a layer that is elsewhere: where it is to be had is told" {
	small_image v1 . '.layers[0].urls = ["https://example.org/layer"]'
	rm "$(blob_file "$(jq -r '.layers[0].digest' "$(blob_file "$(digest_of "$manifest")")")")"
	fails "layer 1: " "no such file" "it is to be had from https://example.org/layer" -- inspect "$layout"
}

@test "what is no image at all" {
	fails "no such file" -- verify "$scratch/nothing"
	fails "is this an image layout?" -- verify "$scratch"
	echo text >"$scratch/text"
	fails "not a directory" "oci-archive:FILE" -- verify "$scratch/text"
	fails "is a directory" -- verify "oci-archive:$layout"
	fails "cut off" -- verify "oci-archive:$scratch/text"
	head -c 5000 /dev/zero | tr '\0' x >"$scratch/text"
	fails "its checksum is wrong" -- verify "oci-archive:$scratch/text"
	: >"$scratch/text"
	fails "a tar without files" -- verify "oci-archive:$scratch/text"
	mkfifo "$scratch/fifo"
	fails "is not a regular file" -- verify "docker-archive:$scratch/fifo"
	printf '\x1f\x8bgarbage' >"$scratch/text"
	fails "decompress: " -- verify "docker-archive:$scratch/text"
	fails "no such image" -- verify "$layout"
	tar -cf "$scratch/old.tar" -C "$layout" oci-layout
	fails "manifest.json" "is this an oci-archive?" -- verify "docker-archive:$scratch/old.tar"
}
