#!/usr/bin/env bats
# Layers whose bytes lie: cut off, changed, followed by others, endless, or far larger than they look. Each ends with one
# clear error, in bounded time and memory, and leaves nothing.
# shellcheck disable=SC2030,SC2031 # a test is a subshell of its own
# shellcheck disable=SC2154 # what helpers.bash, tar.bash and bats set
load ../imgtool/helpers
load ../imgtool/tar

setup()
{
	new_layout
	# In memory: a million files are no matter there.
	work=$(mktemp -d /dev/shm/orun-test-streams.XXXXXX)
	bundle=$work/bundle
	limits=()
}

teardown()
{
	rm -rf "$work"
}

# ordinary_tar: the tar of some files, in $tar; what it holds is in $files.
ordinary_tar()
{
	files=$(tree)
	mkdir "$files/folder"
	seq 20000 >"$files/folder/numbers"
	head -c 50000 /dev/urandom >"$files/noise"
	ln "$files/noise" "$files/folder/linked"
	setfattr -n user.test -v value "$files/noise"
	tar=$(tar_of "$files")
}

# add_stream FILE TAR [MEDIA-TYPE]: FILE as it is becomes the blob of a layer with the diff_id of TAR.
add_stream()
{
	echo "sha256:$(sha256_of "$2")" >>"$scratch/diff_ids"
	add_blob "${3:-$OCI.layer.v1.tar+gzip}" <"$1" >>"$scratch/layers"
}

compress()
{
	case $1 in
	none) cat ;;
	gzip) gzip -nc ;;
	zstd) zstd -qc --check ;;
	esac
}

# unpack: the image of the layers so far.
unpack()
{
	add_image v1
	run timeout 60 "$IMGTOOL" --quiet unpack --rootfs-only "${limits[@]}" "$layout:v1" "$bundle"
}

# refused TEXT…: the image is refused with these words, in one line, and leaves nothing.
refused()
{
	local text
	equals "$status ${#lines[@]}" "1 1"
	[[ $output == "imgtool: "* ]]
	for text in "$@"; do
		output_has "$text"
	done
	equals "$(ls -A "$work")" ""
	rm -rf "$layout"
	new_layout
}

taken()
{
	equals "$output" ""
	equals "$status" 0
}

# as_it_was: what was unpacked is the ordinary tar's content.
as_it_was()
{
	taken
	diff -r "$files" "$bundle/rootfs"
	rm -rf "$bundle" "$layout"
	new_layout
}

# offsets SIZE: places in that many bytes, the first and the last among them.
offsets()
{
	echo 0 3 10 $(($1 / 3)) $(($1 / 2 + 1)) $(($1 - 8)) $(($1 - 1))
}

# first_blob: the file of the image's first layer.
first_blob()
{
	blob_file "$(jq -r '.layers[0].digest' "$(blob_file "$(digest_of "$manifest")")")"
}

# peak_memory COMMAND…: runs it; $peak is the most memory that it had, in KiB, $status how it ended.
peak_memory()
{
	local pid now
	"$@" >"$scratch/output" 2>&1 </dev/null &
	pid=$!
	peak=0
	# The kernel keeps the maximum, so the last look sees nearly all of it.
	while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		peak=$now
		sleep 0.02
	done
	status=0
	wait $pid || status=$?
	output=$(<"$scratch/output")
	mapfile -t lines <"$scratch/output"
}

@test "streams that are cut off, though their blob's digest is right" {
	local form offset
	ordinary_tar
	for form in none gzip zstd; do
		compress $form <"$tar" >"$scratch/whole"
		for offset in $(offsets "$(stat -c %s "$scratch/whole")"); do
			head -c "$offset" "$scratch/whole" >"$scratch/cut"
			add_stream "$scratch/cut" "$tar"
			unpack
			refused "layer"
		done
	done
}

@test "blobs that are shorter than their descriptor says" {
	ordinary_tar
	add_layer "$tar" gzip
	add_image v1
	truncate -s -1 "$(first_blob)"
	run timeout 60 "$IMGTOOL" --quiet unpack --rootfs-only "$layout:v1" "$bundle"
	refused
}

@test "bits that flip in a blob are found by its digest" {
	local form offset blob
	ordinary_tar
	for form in none gzip zstd; do
		for offset in 0 3 10 1000 30000; do
			add_layer "$tar" $form
			add_image v1
			blob=$(first_blob)
			flip "$blob" "$offset"
			run timeout 60 "$IMGTOOL" --quiet unpack --rootfs-only "$layout:v1" "$bundle"
			refused "layer"
		done
	done
}

# What is in no checksum, as the time in gzip's header, may be anything; then the content is right all the same.
@test "bits that flip before the blob's digest is made are found, or change nothing" {
	local form offset
	ordinary_tar
	for form in none gzip zstd; do
		compress $form <"$tar" >"$scratch/whole"
		for offset in $(offsets "$(stat -c %s "$scratch/whole")"); do
			cp "$scratch/whole" "$scratch/changed"
			flip "$scratch/changed" "$offset"
			add_stream "$scratch/changed" "$tar"
			unpack
			if [ "$status" -eq 0 ]; then
				[ $form != none ]
				as_it_was
			else
				refused "layer"
			fi
		done
	done
}

@test "a stream in parts, and padded with zeros, is one stream" {
	ordinary_tar
	{
		head -c 10000 "$tar" | gzip -c
		gzip -c </dev/null
		tail -c +10001 "$tar" | gzip -1c
		head -c 100000 /dev/zero
	} >"$scratch/parts"
	add_stream "$scratch/parts" "$tar"
	unpack
	as_it_was
	{
		printf 'P*M\030\003\0\0\0abc'
		head -c 10000 "$tar" | zstd -qc
		tail -c +10001 "$tar" | zstd -qc --ultra -20
		printf '_*M\030\001\0\0\0z'
	} >"$scratch/parts"
	add_stream "$scratch/parts" "$tar"
	unpack
	as_it_was
}

@test "a stream that something else follows" {
	local form junk
	ordinary_tar
	for form in gzip zstd; do
		for junk in garbage $'\x1f' 'PK'; do
			{
				compress $form <"$tar"
				printf %s "$junk"
			} >"$scratch/more"
			add_stream "$scratch/more" "$tar"
			unpack
			refused "layer" "$form: "
		done
	done
	# Zeros and then something, far behind.
	{
		gzip -c "$tar"
		head -c 1000000 /dev/zero
		echo x
	} >"$scratch/more"
	add_stream "$scratch/more" "$tar"
	unpack
	refused "gzip: something else follows"
}

@test "a tar of another layer" {
	ordinary_tar
	cp "$tar" "$scratch/first"
	echo changed >"$files/noise"
	gzip -nc "$(tar_of "$files")" >"$scratch/other"
	add_stream "$scratch/other" "$scratch/first"
	unpack
	refused "its plain content has the digest"
}

@test "a window that is larger than our memory" {
	head -c 1M /dev/zero >"$scratch/zeros"
	zstd -qc --long=27 <"$scratch/zeros" >"$scratch/wide"
	add_stream "$scratch/wide" "$scratch/zeros"
	unpack
	refused "window is larger than 32 MiB"
}

# endless FORM: ten gigabytes of zeros in little.
endless()
{
	local i
	head -c 256M /dev/zero | compress "$1" >"$scratch/zeros"
	for ((i = 0; i < 40; i++)); do
		cat "$scratch/zeros"
	done
}

@test "bombs: ten gigabytes of zeros behind the end of the archive" {
	local form
	ordinary_tar
	for form in gzip zstd; do
		{
			compress $form <"$tar"
			endless $form
		} >"$scratch/bomb"
		add_stream "$scratch/bomb" "$tar"
		add_image v1
		peak_memory "$IMGTOOL" --quiet unpack --rootfs-only --max-size 500m "$layout:v1" "$bundle"
		refused "--max-size"
		[ "$peak" -le 65536 ]
	done
}

@test "bombs: a file of ten gigabytes of zeros" {
	begin_tar
	tar_record size 10737418240
	tar_entry 0 zeros
	{
		gzip -c "$tar"
		endless gzip
	} >"$scratch/bomb"
	add_stream "$scratch/bomb" "$tar"
	limits=(--max-size 500m)
	unpack
	refused "--max-size"
}

@test "bombs: files that are one hole" {
	local folder
	folder=$(tree)
	truncate -s 15T "$folder/hole"
	tar=$(tar_of "$folder" --sparse)
	add_layer "$tar" gzip
	unpack
	refused "holes included; --max-size allows more"
	# Who allows it gets the hole, and loses no disk.
	add_layer "$tar" gzip
	limits=(--max-size 15t)
	unpack
	taken
	equals "$(stat -c '%s %b' "$bundle/rootfs/hole")" "$((15 << 40)) 0"
}

@test "sizes that lie" {
	begin_tar
	tar_record size 100000
	tar_entry 0 file '' 0644 content
	end_tar
	add_layer "$tar" gzip
	unpack
	refused "file" "Truncated"

	local size
	for size in 9223372036854775807 99999999999999999999 -1; do
		begin_tar
		tar_record size $size
		tar_entry 0 file '' 0644 content
		end_tar
		add_layer "$tar" gzip
		unpack
		refused "layer"
	done

	# A directory, a link and a device with content would hide an entry from us that others see.
	local type
	for type in 1 2 3 5 6; do
		begin_tar
		tar_entry 0 target
		tar_record size 512
		tar_entry $type name target
		tar_entry 0 hidden
		end_tar
		add_layer "$tar" gzip
		unpack
		refused "content of what should have none"
	done
}

@test "names of 100 kB" {
	local name
	printf -v name '%0100000d' 0
	begin_tar
	tar_entry 0 "$name"
	end_tar
	add_layer "$tar" gzip
	unpack
	refused "name of 100000 bytes"
	begin_tar
	tar_entry 2 link "$name"
	end_tar
	add_layer "$tar" gzip
	unpack
	refused "link of 100000 bytes"
}

@test "names and attributes without end" {
	local value
	printf -v value '%0300000d' 0
	begin_tar
	tar_attribute user.large "$value"
	tar_entry 0 file
	end_tar
	add_layer "$tar" gzip
	unpack
	refused "more than the 196608 allowed"
	# libarchive's time for an ACL is the square of its length.
	begin_tar
	tar_record SCHILY.acl.access "u::rw,g::r,o::r,$(seq -s , -f 'u:%.0f:r' 1000 16000)"
	tar_entry 0 file
	end_tar
	add_layer "$tar" gzip
	unpack
	refused "ACL: has more than 1024 entries"
}

@test "numbers that are none" {
	local record
	for record in "uid 4294967295" "gid 4294967296" "uid -1" "SCHILY.devmajor 4096" "SCHILY.devminor 1048576"; do
		begin_tar
		# shellcheck disable=SC2086 # two words
		tar_record $record
		tar_entry 3 device
		end_tar
		add_layer "$tar" gzip
		unpack
		refused "device" "cannot be"
	done
}

@test "a million entries cost neither memory nor more time than they must" {
	begin_tar
	tar_entries many/ 999999
	end_tar
	add_layer "$tar" zstd
	add_image v1
	peak_memory "$IMGTOOL" --quiet unpack --rootfs-only "$layout:v1" "$bundle"
	taken
	[ "$peak" -le 65536 ]
	equals "$(find "$bundle/rootfs/many" -type f -printf x | wc -c)" 999999
}
