#!/usr/bin/env bats
# imgtool completion: the scripts, run by the shells that they are for.
load helpers
load ../cli/program

setup()
{
	# shellcheck disable=SC2034 # they are for program.bash
	program=$IMGTOOL manual=1 sources=imgtool/man
	enter_folder_with_files
}

@test "bash offers each command's options" {
	check_bash_offers_all
}

@test "bash offers transports and files for an image, also behind the colon" {
	equals "$(in_bash imgtool list o)" "oci-archive:
oci:"
	equals "$(in_bash imgtool list docker)" docker-archive:
	equals "$(in_bash imgtool list f)" "files
folder"
	# bash takes the word apart.
	equals "$(in_bash imgtool list oci : files/s)" files/sub
	equals "$(in_bash imgtool list oci :)" "$(ls)"
	equals "$(in_bash imgtool unpack docker-archive : files/)" "files/one.json
files/sub
files/two words"
	equals "$(in_bash imgtool pack files --from oci : files/s)" files/sub
	equals "$(in_bash imgtool pack --from oci : x files oci : files/o)" files/one.json
}

@test "bash offers directories for a bundle" {
	equals "$(in_bash imgtool unpack oci : files : tag fi)" files
	equals "$(in_bash imgtool unpack oci : files files/)" files/sub
	equals "$(in_bash imgtool diff files/)" files/sub
	equals "$(in_bash imgtool pack files/)" files/sub
	equals "$(in_bash imgtool remove files files/)" files/sub
}

@test "bash offers words where an option takes one of several" {
	equals "$(in_bash imgtool pack --compression '')" "gzip
none
zstd"
	equals "$(in_bash imgtool inspect --format = j)" json
	equals "$(in_bash imgtool pack --mtime k)" keep
	equals "$(in_bash imgtool pack --label '')" ""
}

@test "bash takes the script without the package bash-completion, and no name but _imgtool's" {
	check_bash_alone
}

@test "fish offers commands, transports, files and values" {
	equals "$(in_fish "imgtool ")" "$(commands)"
	in_fish "imgtool list o" | grep -qx oci:
	in_fish "imgtool list fi" | grep -qx files/
	in_fish "imgtool list oci:files/" | grep -qx oci:files/sub/
	in_fish "imgtool unpack oci:x files/" | grep -qx files/sub/
	equals "$(in_fish "imgtool pack --compression ")" "gzip
none
zstd"
	in_fish "imgtool unpack --" | grep -qx -- --rootfs-only
}

@test "zsh completes commands, transports, files and values" {
	run -0 in_zsh "imgtool unpa" "imgtool list doc" "imgtool list oci:files/s" "imgtool diff fil" \
		"imgtool pack --compression z" "imgtool unpack --rootfs" "imgtool unpack oci:x files/s"
	equals "$output" "imgtool unpack 
imgtool list docker-archive:
imgtool list oci:files/sub/
imgtool diff files/
imgtool pack --compression zstd 
imgtool unpack --rootfs-only 
imgtool unpack oci:x files/sub/"
}

@test "zsh and fish find no fault in their scripts" {
	check_zsh_and_fish
}
