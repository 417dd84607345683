#!/usr/bin/env bats
# Layers on file systems that do not have everything, and with everything that tar can say.
load helpers
load tar

setup()
{
	new_layout
	bundle=$BATS_TEST_TMPDIR/bundle
	begin_tar
}

# make_image: of the tar so far.
make_image()
{
	end_tar
	# shellcheck disable=SC2154 # tar.bash has it
	add_layer "$tar" gzip
	add_image v1
}

@test "a file system without extended attributes" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	tar_attribute user.comment text
	tar_entry 0 f '' 0644 text
	tar_entry 0 g '' 0644 text
	make_image
	mkdir "$BATS_TEST_TMPDIR/ramfs"
	# shellcheck disable=SC2016,SC2154 # variables of the other shell; helpers.bash has layout
	run -0 unshare -m sh -c 'mount -t ramfs none "$2" && "$0" unpack --rootfs-only "$1:v1" "$2/bundle" && cat "$2/bundle/rootfs/f"' \
		"$IMGTOOL" "$layout" "$BATS_TEST_TMPDIR/ramfs"
	output_has "1 extended attributes are left out"
	output_has text
}

@test "a umask does not change the modes of a layer" {
	tar_entry 0 f '' 0666 text
	tar_entry 5 d '' 1777
	tar_entry 6 p '' 0622
	make_image
	(umask 077 && imgtool -q unpack --rootfs-only "$layout:v1" "$bundle")
	equals "$(stat -c %a "$bundle"/rootfs/{f,d,p} | tr '\n' ' ')" '666 1777 622 '
}

@test "directories on the way that the layer does not have" {
	tar_entry 0 a/b/f '' 0644 text
	make_image
	imgtool -q unpack --rootfs-only "$layout:v1" "$bundle"
	equals "$(stat -c %a:%u:%g "$bundle"/rootfs/{a,a/b} | tr '\n' ' ')" "755:$(id -u):$(id -g) 755:$(id -u):$(id -g) "
}

# unpacked OPTION…: names, modes and times of what they make of the image.
unpacked()
{
	local store=$BATS_TEST_TMPDIR/store
	imgtool --store "$store" -q unpack "$@" --rootfs-only "$layout:v1" "$bundle"
	(cd "$bundle/rootfs" && find . -printf '%p %m %T@\n' | sort)
	imgtool --store "$store" remove "$bundle"
}

@test "an image gives the same tree at any time, in an overlay too" {
	local first
	tar_entry 0 a/b/f '' 0644 text
	make_image
	first=$(unpacked)
	[[ $first == *"./a/b 755 0.0"* ]]
	equals "$(unpacked)" "$first"
	[ "$(id -u)" -ne 0 ] || equals "$(unpacked --overlay)" "$first"
}
