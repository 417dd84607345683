# shellcheck shell=bash
# What the bats files of imgtool share: images made by hand, so that a test can make each part of them wrong.
#
#   load helpers                  (tests/attacks: load ../imgtool/helpers)
#   setup() { new_layout; }
#
#   @test "an image is listed" {
#       add_layer "$(tar_of "$(tree)")" gzip
#       add_image v1
#       run -0 imgtool list "$layout"
#       …
#   }
#
# Variables: IMGTOOL the program; layout the OCI layout of this test; scratch a folder for what else it makes.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/assertions.bash
source "${BASH_SOURCE[0]%/*}/../assertions.bash"

IMGTOOL=${IMGTOOL:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/imgtool/imgtool}
readonly OCI=application/vnd.oci.image

imgtool()
{
	"$IMGTOOL" "$@"
}

# An OCI layout without images.
new_layout()
{
	[ -x "$IMGTOOL" ] || {
		echo "there is no program $IMGTOOL; run ./bootstrap build" >&2
		return 1
	}
	scratch=$BATS_TEST_TMPDIR/scratch
	layout=$BATS_TEST_TMPDIR/layout
	mkdir -p "$scratch" "$layout/blobs/sha256"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	echo '{"schemaVersion":2,"manifests":[]}' >"$layout/index.json"
	: >"$scratch/layers"
	: >"$scratch/diff_ids"
}

sha256_of()
{
	sha256sum <"$1" | cut -d ' ' -f 1
}

# blob_file DIGEST: where the layout has it.
blob_file()
{
	echo "$layout/blobs/${1/:/\/}"
}

# add_blob MEDIA-TYPE <CONTENT: into the layout; prints its descriptor.
add_blob()
{
	local digest content

	# Of its own: in a pipe another add_blob may make what goes into this one.
	content=$(mktemp "$scratch/blob.XXXXXX")
	cat >"$content"
	digest=$(sha256_of "$content")
	install -m 644 "$content" "$layout/blobs/sha256/$digest"
	jq -cn --arg type "$1" --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$content")" \
		'{mediaType: $type, digest: $digest, size: $size}'
	rm "$content"
}

# tree: a new folder for a layer's files; prints its name.
tree()
{
	mktemp -d "$scratch/tree.XXXXXX"
}

# tar_of FOLDER [TAR-OPTION…]: an uncompressed layer of it; prints the name of the tar.
tar_of()
{
	local folder=$1 file
	shift
	file=$(mktemp "$scratch/layer.XXXXXX.tar")
	tar --sort=name --xattrs --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --numeric-owner -cf "$file" -C "$folder" "$@" .
	echo "$file"
}

# add_layer TAR [none|gzip|zstd] [MEDIA-TYPE]: a layer of the next add_image.
add_layer()
{
	local tar=$1 form=${2:-gzip} type
	type=${3:-$OCI.layer.v1.tar$([ "$form" = none ] || echo "+$form")}
	echo "sha256:$(sha256_of "$tar")" >>"$scratch/diff_ids"
	case $form in
	none) cat "$tar" ;;
	gzip) gzip -nc "$tar" ;;
	zstd) zstd -qc "$tar" ;;
	esac | add_blob "$type" >>"$scratch/layers"
}

# make_config [JQ-FILTER]: the config of the layers so far; prints it.
make_config()
{
	jq -cR . "$scratch/diff_ids" | jq -cs "{created: \"2020-01-02T03:04:05Z\", architecture: \"amd64\", os: \"linux\",
		config: {Cmd: [\"/bin/sh\"]}, rootfs: {type: \"layers\", diff_ids: .},
		history: [.[] | {created: \"2020-01-02T03:04:05Z\", created_by: \"a test\"}]} | ${1:-.}"
}

# make_manifest CONFIG-DESCRIPTOR [JQ-FILTER]: the manifest of the layers so far; prints it.
make_manifest()
{
	# shellcheck disable=SC2016 # a variable of jq, not of the shell
	jq -cs --argjson config "$1" --arg type "$OCI.manifest.v1+json" \
		'{schemaVersion: 2, mediaType: $type, config: $config, layers: .} | '"${2:-.}" "$scratch/layers"
}

# add_to_index DESCRIPTOR [TAG] [JQ-FILTER]: one more entry in index.json; the filter changes it.
add_to_index()
{
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	jq -c --argjson new "$1" --arg tag "${2:-}" '.manifests += [$new
		| if $tag != "" then .annotations["org.opencontainers.image.ref.name"] = $tag else . end | '"${3:-.}]" \
		"$layout/index.json" >"$scratch/index"
	cp "$scratch/index" "$layout/index.json"
}

# add_image [TAG] [CONFIG-FILTER] [MANIFEST-FILTER]: of the layers so far, which are used up. Afterwards the descriptors
# are in $manifest and $config.
add_image()
{
	config=$(make_config "${2:-.}" | add_blob "$OCI.config.v1+json")
	manifest=$(make_manifest "$config" "${3:-.}" | add_blob "$OCI.manifest.v1+json")
	add_to_index "$manifest" "${1:-}"
	: >"$scratch/layers"
	: >"$scratch/diff_ids"
}

# small_image [TAG] [CONFIG-FILTER]: one with two small layers, always the same.
small_image()
{
	local folder
	folder=$(tree)
	echo one >"$folder/one"
	add_layer "$(tar_of "$folder" --mtime=@1)" gzip
	mv "$folder/one" "$folder/two"
	add_layer "$(tar_of "$folder" --mtime=@1)" none
	add_image "$@"
}

digest_of()
{
	jq -r .digest <<<"$1"
}

# flip FILE [OFFSET]: one bit of it, in its middle; a negative offset counts from its end.
flip()
{
	local size at byte
	size=$(stat -c %s "$1")
	at=${2:-$((size / 2))}
	((at >= 0)) || at=$((size + at))
	byte=$(od -An -tu1 -j "$at" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %02x $((byte ^ 4)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# fails TEXT… -- ARGUMENT…: imgtool must end with status 1 within ten seconds, say each text in one line, and leave no
# temporary file.
fails()
{
	local texts=() text
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	mkdir -p "$scratch/tmp"
	TMPDIR=$scratch/tmp run -1 timeout 10 "$IMGTOOL" "$@"
	for text in "${texts[@]}"; do
		output_has "$text"
	done
	equals "$(find "$scratch/tmp" -mindepth 1)" ""
	# shellcheck disable=SC2154 # bats sets it
	[[ ${lines[-1]} == "imgtool: "* ]]
}
