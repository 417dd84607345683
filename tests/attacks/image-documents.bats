#!/usr/bin/env bats
# Hostile indexes, manifests, configs and archives: nothing outside the image is opened, nothing waits, nothing is
# believed because it is inside, and each ends with one clear error. CVE-2021-41190 among them.
load ../imgtool/helpers

setup()
{
	new_layout
	printf secret >"$scratch/secret"
	none=sha256:$(printf 0%.0s {1..64})
}

# entry MEDIA-TYPE DIGEST SIZE: a descriptor as it stands.
entry()
{
	echo "{\"mediaType\":\"$1\",\"digest\":\"$2\",\"size\":$3}"
}

index_of()
{
	echo "{\"schemaVersion\":2,\"manifests\":[$1]}"
}

# all_fail TEXT… : list may live with it, but inspect and verify must not.
all_fail()
{
	fails "$@" -- inspect "$layout"
	run timeout 10 "$IMGTOOL" list "$layout"
	# shellcheck disable=SC2154 # bats sets it
	[ "$status" -le 1 ]
	fails -- verify "$layout"
}

@test "indexes that name one another in a circle cannot have each other's digests" {
	local one
	one=$(index_of "$(entry "$OCI.index.v1+json" "$none" 2)" | add_blob "$OCI.index.v1+json")
	cp "$(blob_file "$(digest_of "$one")")" "$layout/blobs/sha256/${none#*:}"
	add_to_index "$(jq -c ".digest = \"$none\"" <<<"$one")"
	all_fail "its content has the digest"
}

@test "an index that names itself" {
	index_of "$(entry "$OCI.index.v1+json" "$none" 5)" >"$layout/index.json"
	ln -s ../../index.json "$layout/blobs/sha256/${none#*:}"
	all_fail "bytes, but the descriptor says 5"
}

@test "indexes 1,000 deep" {
	small_image
	# shellcheck disable=SC2016 # variables of perl, not of the shell
	perl -MDigest::SHA=sha256_hex -e 'my ($folder, $entry, $type) = @ARGV;
		for (1 .. 1000) {
			my $index = qq({"schemaVersion":2,"manifests":[$entry]});
			my $digest = sha256_hex($index);
			open my $file, ">", "$folder/$digest" or die;
			print $file $index;
			$entry = sprintf q({"mediaType":"%s","digest":"sha256:%s","size":%d}), $type, $digest, length $index;
		}
		print $entry' "$layout/blobs/sha256" "$manifest" "$OCI.index.v1+json" >"$scratch/outermost"
	index_of "$(cat "$scratch/outermost")" >"$layout/index.json"
	all_fail "nested deeper than 8 levels"
}

@test "indexes that branch a thousandfold at each level are read once each" {
	local inner level
	small_image
	inner=$manifest
	for level in 1 2 3 4 5 6 7; do
		inner=$(jq -cn "{schemaVersion: 2, annotations: {level: \"$level\"}, manifests: [range(1000) | $inner]}" |
			add_blob "$OCI.index.v1+json")
	done
	add_to_index "$inner"
	run -0 timeout 20 "$IMGTOOL" inspect "$layout"
	run -0 timeout 20 "$IMGTOOL" verify "$layout"
}

@test "a blob with the digest of another" {
	small_image
	small_image "" '.author = "another"'
	cp "$(blob_file "$(digest_of "$manifest")")" "$scratch/other"
	jq -c '.manifests |= .[:1]' "$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
	first=$(jq -r '.manifests[0].digest' "$layout/index.json")
	jq -c ".manifests[0].size = $(stat -c %s "$scratch/other")" "$scratch/index" >"$layout/index.json"
	cp "$scratch/other" "$(blob_file "$first")"
	all_fail "its content has the digest $(digest_of "$manifest")"
}

@test "sizes that are larger or smaller than the blob's" {
	local size
	small_image
	for size in 1 100000 9223372036854775807; do
		index_of "$(entry "$OCI.manifest.v1+json" "$(digest_of "$manifest")" $size)" >"$layout/index.json"
		all_fail "bytes, but the descriptor says $size"
	done
}

@test "sizes of configs and layers lie too" {
	small_image "" . '.config.size += 1'
	all_fail "but the descriptor says"
	new_layout
	small_image "" . '.layers[1].size -= 1'
	all_fail "layer 2: " "but the descriptor says"
}

@test "sizes that are no sizes" {
	local size
	for size in -1 -9223372036854775808 18446744073709551615 1e3 1.5 '"12"' null; do
		index_of "$(entry "$OCI.manifest.v1+json" "$none" "$size")" >"$layout/index.json"
		all_fail "manifests[0].size"
	done
}

@test "CVE-2021-41190: a document with the fields of an index and of a manifest" {
	small_image
	jq -c ".manifests = []" "$(blob_file "$(digest_of "$manifest")")" | add_blob "$OCI.manifest.v1+json" >"$scratch/both"
	index_of "$(cat "$scratch/both")" >"$layout/index.json"
	all_fail "has the fields of an index and of a manifest"
	index_of "$(jq -c ".mediaType = \"$OCI.index.v1+json\"" "$scratch/both")" >"$layout/index.json"
	all_fail "calls itself $OCI.manifest.v1+json, but is referred to as $OCI.index.v1+json"
	for field in config layers; do
		index_of "$(jq -cn "{schemaVersion: 2, manifests: [], $field: []}" | add_blob "$OCI.index.v1+json")" >"$layout/index.json"
		all_fail "has the fields of an index and of a manifest"
	done
}

@test "CVE-2021-41190: a document that calls itself something else than its descriptor does" {
	local type
	for type in "$OCI.index.v1+json" application/vnd.docker.distribution.manifest.v2+json text/plain; do
		new_layout
		small_image "" . ".mediaType = \"$type\""
		all_fail "calls itself $type"
	done
	echo "{\"schemaVersion\":2,\"mediaType\":\"$OCI.manifest.v1+json\",\"manifests\":[]}" >"$layout/index.json"
	all_fail "index.json: index: calls itself"
}

@test "Docker's schema 1 is no image" {
	local type=application/vnd.docker.distribution.manifest.v1+prettyjws
	add_to_index "$(echo '{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:00"}],"history":[]}' | add_blob "$type")"
	fails "schema 1" -- inspect "$layout"
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	add_to_index "$(echo '{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:00"}]}' | add_blob "$OCI.manifest.v1+json")"
	fails "schema 1" -- inspect "$layout"
}

@test "a blob that is a FIFO, a device, a socket or a directory does not hold us up" {
	local file
	small_image
	file=$(blob_file "$(digest_of "$config")")
	rm "$file"
	mkfifo "$file"
	all_fail "is not a regular file"
	rm "$file"
	mkdir "$file"
	all_fail "is a directory"
	rmdir "$file"
	perl -MIO::Socket::UNIX -e 'chdir $ARGV[0]; IO::Socket::UNIX->new(Local => $ARGV[1], Listen => 1)' \
		"${file%/*}" "${file##*/}"
	all_fail "$(digest_of "$config" | tr : /)"
	rm "$file"
	[ "$(id -u)" -eq 0 ] || skip "making a device needs root"
	mknod "$file" c 1 5
	all_fail "is not a regular file"
}

@test "a blob, a folder of blobs or a document that is a link to outside" {
	local file
	small_image
	file=$(blob_file "$(digest_of "$config")")
	cp "$file" "$scratch/config"
	ln -sfn "$scratch/config" "$file"
	all_fail "leads out of the directory"
	ln -sfnr "$scratch/config" "$file"
	all_fail "leads out of the directory"
	ln -sfn /proc/self/fd/0 "$file"
	all_fail "leads out of the directory"
	rm "$file"
	cp "$scratch/config" "$file"
	mv "$layout/blobs/sha256" "$scratch/blobs"
	ln -s "$scratch/blobs" "$layout/blobs/sha256"
	all_fail "leads out of the directory"
	rm "$layout/blobs/sha256"
	mv "$scratch/blobs" "$layout/blobs/sha256"
	mv "$layout/index.json" "$scratch/index"
	ln -s "$scratch/index" "$layout/index.json"
	all_fail "leads out of the directory"
}

@test "a blob that is a link within the layout is the image's own affair" {
	local file
	small_image
	file=$(blob_file "$(digest_of "$config")")
	mv "$file" "$layout/kept"
	ln -s ../../kept "$file"
	run -0 imgtool verify "$layout"
}

@test "digests that would be paths, or are none" {
	local digest
	ln -s "$scratch/secret" "$layout/blobs/link"
	for digest in "sha256:../../../scratch/secret" "../../scratch/secret" "sha256:" "" "md5:$(printf 0%.0s {1..32})" \
		"sha256:$(printf 0%.0s {1..63})" "sha256:$(printf 0%.0s {1..65})" "sha256:$(printf A%.0s {1..64})" \
		"SHA256:$(printf 0%.0s {1..64})" "sha256:$(printf 0%.0s {1..62})/." 'sha256:\u0000' "sha512:$(printf 0%.0s {1..64})"; do
		index_of "$(entry "$OCI.manifest.v1+json" "$digest" 6)" >"$layout/index.json"
		all_fail
		[[ $output != *secret*bytes* ]]
	done
	small_image "" '.rootfs.diff_ids[0] = "sha256:../../../../etc/passwd"'
	jq -c '.manifests |= .[1:]' "$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
	all_fail "rootfs.diff_ids[0]"
}

@test "oci-layout is missing, of another version, no JSON or too large" {
	small_image
	rm "$layout/oci-layout"
	all_fail "oci-layout: no such file"
	for text in '{"imageLayoutVersion":"2.0.0"}' '{"imageLayoutVersion":"10.0.0"}' '{}' '[]' '' 'null' '{"imageLayoutVersion":1}'; do
		echo "$text" >"$layout/oci-layout"
		all_fail oci-layout
	done
	truncate -s 100G "$layout/oci-layout"
	all_fail "oci-layout: " "more than the"
}

@test "documents that are too large are not read" {
	local type file
	small_image
	jq -c '.annotations.x = ("x" * 10485760)' "$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
	all_fail "index.json: " "bytes are more than the"
	for type in config.v1+json manifest.v1+json index.v1+json; do
		new_layout
		file=$layout/blobs/sha256/${none#*:}
		truncate -s 1T "$file"
		small_image "" . "$([ $type = config.v1+json ] && echo ".config.digest = \"$none\" | .config.size = 1099511627776" || echo .)"
		[ $type = config.v1+json ] || index_of "$(entry "$OCI.$type" "$none" 1099511627776)" >"$layout/index.json"
		all_fail "bytes are more than the"
	done
}

@test "documents nested deeper than any parser likes" {
	{
		printf '{"schemaVersion":2,"manifests":'
		printf '[%.0s' {1..100000}
	} >"$layout/index.json"
	all_fail index
	{
		printf '{"schemaVersion":2,"manifests":[],"x":'
		printf '{"a":%.0s' {1..1000}
		printf 1
		printf '}%.0s' {1..1000}
		printf '}'
	} >"$layout/index.json"
	all_fail "index"
}

@test "more layers than anybody stacks" {
	local layer
	: >"$scratch/empty"
	add_layer "$scratch/empty" none
	layer=$(cat "$scratch/layers")
	yes "$layer" | head -n 513 >"$scratch/layers"
	yes "$(cat "$scratch/diff_ids")" | head -n 513 >"$scratch/diff_ids"
	add_image
	all_fail "513 layers are more than the 512 allowed"
}

@test "layers of types that nobody knows, or encrypted" {
	local type
	for type in "$OCI.layer.v1.tar+xz" "$OCI.layer.v1.tar+gzip+encrypted" "$OCI.layer.v1.tarball" application/zip ""; do
		new_layout
		: >"$scratch/empty"
		add_layer "$scratch/empty" none
		add_image "" . ".layers[0].mediaType = \"$type\""
		fails "media type '$type' is not supported" -- inspect "$layout"
	done
}

@test "configs that are no configs" {
	local filter
	for filter in 'del(.rootfs)' '.rootfs.type = "snapshots"' '.rootfs.diff_ids = {}' '.rootfs.diff_ids[0] = 1' \
		'.architecture = null' '.os = 1' '.config = []' '.config.Env = "A=1"' '.history = {}' '"text"' '[.]'; do
		new_layout
		small_image "" "$filter"
		all_fail config
	done
}

@test "a config that says nothing of a platform is no candidate by accident" {
	small_image "" '.architecture = ""'
	fails "no image is for linux/" -- inspect "$layout"
}

@test "control characters of an image reach no terminal by an error either" {
	small_image $'a\e[2Jb\xc2\x9bc'
	small_image other '.author = "another"'
	fails 'a?[2Jb??c' -- inspect "$layout"
	jq -c '.manifests[0].mediaType = "x\u001b[2J" | .manifests |= .[:1]' "$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
	fails 'x?[2J' -- inspect "$layout"
}

# Archives ------------------------------------------------------------------------------------------------

# docker_folder [FILTER]: what a docker-archive of one layer has, in the folder $saved; the filter changes manifest.json.
docker_folder()
{
	saved=$scratch/saved
	mkdir -p "$saved"
	: >"$scratch/empty"
	: >"$scratch/diff_ids"
	add_layer "$scratch/empty" none
	make_config >"$saved/config.json"
	cp "$scratch/empty" "$saved/layer.tar"
	jq -cn "[{Config: \"config.json\", RepoTags: [\"x:1\"], Layers: [\"layer.tar\"]}] | ${1:-.}" >"$saved/manifest.json"
}

# archive_fails TEXT… -- TAR-OPTION…: of the folder, with these options for tar.
archive_fails()
{
	local texts=()
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	tar -cPf "$scratch/archive.tar" -C "$saved" "$@" .
	fails "${texts[@]}" -- inspect "docker-archive:$scratch/archive.tar"
}

@test "names that lead out of the archive are found nowhere" {
	local name
	for name in "../secret" "/etc/passwd" "layer.tar/../../secret" "../../../../../../etc/passwd" "" "." "/"; do
		docker_folder ".[0].Config = \"$name\""
		archive_fails -- --exclude=nothing
		[[ $output != *secret*bytes* ]]
		docker_folder ".[0].Layers = [\"$name\"]"
		archive_fails -- --exclude=nothing
	done
}

@test "members with .. in their names are nobody's" {
	docker_folder
	cp "$saved/layer.tar" "$scratch/real"
	archive_fails "'layer.tar' is not in the archive" -- --transform='s,^\./layer,./a/../layer,'
	archive_fails "'layer.tar' is not in the archive" -- --transform='s,^\./layer,../layer,'
}

@test "links among members that loop, dangle or lead out" {
	docker_folder
	ln -sfn layer.tar "$saved/layer.tar"
	archive_fails "layer 1: " "too many levels of symbolic links" --
	ln -sfn b "$saved/layer.tar"
	ln -sfn c "$saved/b"
	ln -sfn layer.tar "$saved/c"
	archive_fails "layer 1: " "too many levels of symbolic links" --
	for target in ../secret /etc/passwd ../../../../etc/passwd b/../../../secret /; do
		ln -sfn "$target" "$saved/layer.tar"
		archive_fails "layer 1: " "'layer.tar' is a link that leads out of the archive" --
	done
	ln -sfn nothing "$saved/layer.tar"
	archive_fails "'nothing' is not in the archive" --
	ln -sfn . "$saved/layer.tar"
	archive_fails "is not in the archive" --
}

@test "a chain of more links than anybody needs" {
	local i
	docker_folder
	mv "$saved/layer.tar" "$saved/l0"
	for ((i = 0; i < 40; i++)); do
		ln -s "l$i" "$saved/l$((i + 1))"
	done
	ln -s l40 "$saved/layer.tar"
	archive_fails "too many levels of symbolic links" --
}

@test "members that are FIFOs and devices are no layers" {
	docker_folder
	rm "$saved/layer.tar"
	mkfifo "$saved/layer.tar"
	archive_fails "'layer.tar' is not a regular file" --
}

@test "an archive that ends in the midst" {
	local size
	docker_folder
	head -c 100000 /dev/zero >"$saved/layer.tar"
	tar -cf "$scratch/whole.tar" -C "$saved" config.json manifest.json layer.tar
	for size in 512 600 1000 5000 50000; do
		head -c "$size" "$scratch/whole.tar" >"$scratch/archive.tar"
		fails "image $scratch/archive.tar: " -- inspect "docker-archive:$scratch/archive.tar"
	done
}

# header NAME TYPE SIZE-FIELD: one header block of a tar, whose checksum is right.
header()
{
	perl -e 'my ($name, $type, $size) = @ARGV;
		my $block = pack("a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 a12", $name, "0000644", "0", "0",
			eval "qq{$size}", "0", "", $type, "", "ustar", "00", "", "", "", "", "", "");
		my $sum = unpack("%32C*", $block);
		substr($block, 148, 8) = sprintf("%06o\0 ", $sum);
		print $block' "$1" "$2" "$3"
}

@test "members whose sizes lie or overflow" {
	local size
	for size in 77777777777 '\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff' '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' \
		'\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' 'x' '-1'; do
		header manifest.json 0 "$size" >"$scratch/archive.tar"
		head -c 2048 /dev/zero >>"$scratch/archive.tar"
		fails "image $scratch/archive.tar: " -- inspect "docker-archive:$scratch/archive.tar"
	done
}

@test "extension headers without end" {
	header long L 10000000000 >"$scratch/archive.tar"
	truncate -s 20G "$scratch/archive.tar"
	fails "extension header of 1073741824 bytes is too long" -- inspect "oci-archive:$scratch/archive.tar"
	header long x 40 >"$scratch/archive.tar"
	printf '99999999999 path=x\n%021d' 0 >>"$scratch/archive.tar"
	head -c 2048 /dev/zero >>"$scratch/archive.tar"
	fails "wrong record" -- inspect "oci-archive:$scratch/archive.tar"
}

@test "more members than any image has" {
	perl -e 'local $/; my $block = <STDIN>; print $block x 65537' < <(header a 0 0) >"$scratch/archive.tar"
	fails "more than 65536 members" -- inspect "oci-archive:$scratch/archive.tar"
}

@test "more bytes of names than any image has" {
	local name
	name=$(printf 'd/%.0s' {1..2000})
	{
		header long L 7640
		printf %s "$name"
		head -c 96 /dev/zero
		header a 0 0
	} >"$scratch/member"
	perl -e 'local $/; my $member = <STDIN>; print $member x 5000' <"$scratch/member" >"$scratch/archive.tar"
	fails "the names of its members are too long" -- inspect "oci-archive:$scratch/archive.tar"
	{
		header long L 20000
		head -c 8192 /dev/zero | tr '\0' x
		header a 0 0
	} >"$scratch/archive.tar"
	fails "a name of 8192 bytes is too long" -- inspect "oci-archive:$scratch/archive.tar"
}

@test "a digest in a config's name must be its content's" {
	local name
	for name in "${none#*:}.json" "$none" "blobs/${none/:/\/}" "blobs/sha512/$(printf 0%.0s {1..128})"; do
		docker_folder ".[0].Config = \"$name\""
		mkdir -p "$saved/$(dirname "$name")"
		cp "$saved/config.json" "$saved/$name"
		archive_fails "$name: its content has the digest" --
	done
}

@test "manifest.json that is none" {
	local text
	docker_folder
	for text in '{}' '[{}]' '[1]' '[[]]' 'null' '' '[{"Config":1,"Layers":[]}]' '[]' '[]]' '[],"x":[]' '[{"Config":"config.json","Layers":{}}]'; do
		echo "$text" >"$saved/manifest.json"
		archive_fails --
	done
	docker_folder '.[0].Layers = ["layer.tar", "layer.tar"]'
	archive_fails "2 layers, but the config has 1 diff_ids" --
}

@test "a compressed archive that is cut off or has a flipped bit" {
	docker_folder
	head -c 300000 /dev/urandom >"$saved/layer.tar"
	tar -czf "$scratch/whole.tar.gz" -C "$saved" .
	head -c 100000 "$scratch/whole.tar.gz" >"$scratch/archive.tar.gz"
	fails "image $scratch/archive.tar.gz: decompress: " -- inspect "docker-archive:$scratch/archive.tar.gz"
}

@test "a folder for temporary files that is full or missing is told" {
	docker_folder
	tar -czf "$scratch/archive.tar.gz" -C "$saved" .
	TMPDIR=$scratch/nothing run -1 imgtool inspect "docker-archive:$scratch/archive.tar.gz"
	output_has "create a temporary file in $scratch/nothing: no such file or directory"
}
