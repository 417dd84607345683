#!/usr/bin/env bats
# imgtool for a normal user: owners mapped, recorded, and overlay bundles in a user namespace.
# shellcheck disable=SC2154 # the files that are loaded assign variables
# shellcheck disable=SC2016 # scripts for other shells
load helpers
load trees
load tar
load store

USER_ID=4242

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "to become another user needs root"
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups unshare -Ur true || skip "no user namespaces for users"
	new_layout
	# Where the user may go.
	home=$(mktemp -d /tmp/imgtool-rootless.XXXXXX)
	mkdir "$home/home"
	chown $USER_ID:$USER_ID "$home/home"
	chmod 755 "$home"
	cp "$IMGTOOL" "$home/imgtool"
	layer_of 'mkdir -p etc a/b; echo mine >mine; echo other >etc/other; chown 7:8 etc/other a/b; chmod 4755 mine; chmod 700 a/b
		mknod null c 1 3; mknod fifo p; touch -d @5.5 a'
	layer_of 'mkdir a; touch a/.wh.b a/new; touch .wh.mine'
	add_image v1
	cp -r "$layout" "$home/layout"
	chmod -R a+rX "$home/layout"
}

teardown()
{
	[ -z "${home:-}" ] || rm -rf "$home"
}

# as_user RANGES SCRIPT: a shell of a user with those lines in /etc/subuid and /etc/subgid; `imgtool` is there.
as_user()
{
	export home USER_ID
	printf '%s' "$1" >"$home/ranges"
	{ cat /etc/passwd && echo "tester:x:$USER_ID:$USER_ID::$home/home:/bin/sh"; } >"$home/passwd"
	printf '%s\n' 'cd "$HOME"' 'imgtool() { "$home/imgtool" "$@"; }' "set -eu" "$2" >"$home/script"
	unshare --mount --propagation private bash -euc '
		mount --bind "$home/passwd" /etc/passwd
		for file in /etc/subuid /etc/subgid; do
			[ -e $file ] || touch $file
			mount --bind "$home/ranges" $file
		done
		exec setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
			env -u XDG_DATA_HOME -u IMGTOOL_STORE HOME="$home/home" bash "$home/script"'
}

need_newuidmap()
{
	command -v newuidmap >/dev/null || skip "there is no newuidmap"
}

readonly RANGES=$'tester:300000:65536\n'

@test "with ranges files get the owners that a user namespace maps" {
	need_newuidmap
	run -0 as_user "$RANGES" 'imgtool -q unpack oci:../layout:v1 b; stat -c "%n %u:%g %a" b/rootfs/etc/other b/rootfs/a b
		jq -c .linux.uidMappings,.linux.gidMappings b/config.json; jq .mapped b/imgtool.json'
	equals "$output" "$(printf '%s\n' "b/rootfs/etc/other 300006:300007 644" "b/rootfs/a $USER_ID:$USER_ID 755" \
		"b $USER_ID:$USER_ID 700" \
		'[{"containerID":0,"hostID":4242,"size":1},{"containerID":1,"hostID":300000,"size":65536}]' \
		'[{"containerID":0,"hostID":4242,"size":1},{"containerID":1,"hostID":300000,"size":65536}]' true)"
	[ ! -e "$home/home/b/rootfs/mine" ]
	# A device there would be one of the host.
	[ ! -e "$home/home/b/rootfs/null" ]
	[ -p "$home/home/b/rootfs/fifo" ]
}

@test "devices that are left out are told of" {
	run -0 as_user "" 'imgtool unpack oci:../layout:v1 b 2>&1'
	output_has "1 devices are left out: only root can make them"
}

@test "without ranges owners are recorded" {
	run -0 as_user "" 'imgtool -q unpack oci:../layout:v1 b; stat -c "%u:%g" b/rootfs/etc/other
		jq -c .linux.uidMappings,.linux.gidMappings,.mapped b/config.json b/imgtool.json'
	equals "${lines[0]}" "$USER_ID:$USER_ID"
	equals "${lines[1]}" '[{"containerID":0,"hostID":4242,"size":1}]'
	[[ $(getfattr --only-values -n user.rootlesscontainers "$home/home/b/rootfs/etc/other") == $'\b\a\020\b' ]]
}

@test "ranges that are too small, malformed or another's are not used" {
	local ranges
	for ranges in $'tester:300000:1000\n' $'tester:300000\n' $'other:300000:65536\n' $'tester:x:65536\n' \
		$'tester:4294967290:65536\n' $'tester::\n:::\n'; do
		run -0 as_user "$ranges" 'imgtool -q unpack oci:../layout:v1 b; stat -c %u b/rootfs/etc/other; imgtool remove b'
		equals "$output" "$USER_ID"
	done
}

@test "remove and diff reach files of subordinate ids" {
	need_newuidmap
	run -0 as_user "$RANGES" 'imgtool -q unpack oci:../layout:v1 b; imgtool diff b
		unshare --map-root-user true
		echo x >b/rootfs/etc/new; imgtool diff b; imgtool remove b; ls -A'
	equals "$output" "C /etc
A /etc/new"
	equals "$(ls -A "$home/home")" ""
}

@test "what a failed or interrupted unpack made is removed, the exit status is the child's" {
	need_newuidmap
	local file
	file=$home/layout/blobs/$(jq -r '.layers[1].digest' "$(blob_file "$(digest_of "$manifest")")" | tr : /)
	flip "$file" -6
	run -1 as_user "$RANGES" 'imgtool -q unpack oci:../layout:v1 b'
	output_has "imgtool: layer 2"
	equals "$(ls -A "$home/home")" ""
}

@test "an overlay bundle needs a user namespace, and the error says so" {
	run -1 as_user "" 'imgtool -q unpack --overlay oci:../layout:v1 b'
	output_has "a normal user may not mount; in a user namespace it works: podman unshare"
	equals "$(ls -A "$home/home")" ""
}

@test "an overlay bundle in a user namespace of one id" {
	run -0 as_user "" 'unshare -Urm bash -euc '\''
		imgtool() { "$home/imgtool" "$@"; }
		imgtool -q unpack --overlay oci:../layout:v1 b
		grep -c "imgtool:.*userxattr" /proc/self/mountinfo
		(cd b/rootfs && find . | sort | xargs)
		rm -r b/rootfs/a; mkdir b/rootfs/a; echo x >>b/rootfs/etc/other
		imgtool diff b
		imgtool umount b; imgtool mount b; ls -A b/rootfs/a
		imgtool remove b
		imgtool gc | tail -n 1 | grep -c freed
		ls .local/share/imgtool/bundles .local/share/imgtool/layers-*'\'
	equals "$output" "1
. ./a ./a/new ./etc ./etc/other ./fifo
C /a
D /a/new
C /etc
C /etc/other
1
.local/share/imgtool/bundles:

$(cd "$home/home" && echo .local/share/imgtool/layers-*):"
}

@test "an overlay bundle with all subordinate ids, as in podman unshare" {
	need_newuidmap
	run -0 as_user "$RANGES" 'mkfifo ready
		cat >inside <<"TEXT"
imgtool() { "$home/imgtool" "$@"; }
imgtool -q unpack --overlay oci:../layout:v1 b
stat -c "%n %u:%g" b/rootfs/etc/other b/rootfs/a
chown 9 b/rootfs/etc/other
imgtool diff b
imgtool remove b
imgtool gc >/dev/null
TEXT
		unshare --user --mount bash -euc "echo >ready; until [ \$(wc -l </proc/self/uid_map) = 2 ]; do sleep 0.05; done
			exec setpriv --reuid 0 --regid 0 --clear-groups bash -eu inside" &
		read -r _ <ready
		newgidmap $! 0 4242 1 1 300000 65536
		newuidmap $! 0 4242 1 1 300000 65536
		wait $!
		rm ready inside'
	equals "$output" "b/rootfs/etc/other 7:8
b/rootfs/a 0:0
C /etc
C /etc/other"
	# Neither bundle nor layer is left, though they were of other ids.
	equals "$(find "$home/home" -path '*layers*/*')" ""
}

# packs_owners RANGES: what a user changes keeps its owner, what is new is root's, for root who unpacks it.
packs_owners()
{
	run -0 as_user "$1" 'imgtool -q unpack oci:../layout:v1 b; echo x >b/rootfs/etc/new; mkdir b/rootfs/dir
		imgtool -q pack b oci:packed:v2; imgtool -q verify oci:packed:v2; ls -A'
	run -0 imgtool -q unpack --rootfs-only "oci:$home/home/packed:v2" "$scratch/again"
	equals "$(cd "$scratch/again/rootfs" && stat -c '%n %u:%g %a' etc etc/other etc/new dir a/new)" "etc 0:0 755
etc/other 7:8 644
etc/new 0:0 644
dir 0:0 755
a/new 0:0 644"
}

@test "with ranges a packed bundle has the owners of the container" {
	need_newuidmap
	packs_owners "$RANGES"
}

@test "without ranges a packed bundle has the owners of the container" {
	packs_owners ""
	# A file whose owner is on record, and which is packed itself.
	run -0 as_user "" 'echo more >>b/rootfs/etc/other; imgtool -q pack b oci:packed:v3; imgtool -q pack b/rootfs oci:packed:v4'
	local tag
	for tag in v3 v4; do
		imgtool -q unpack --rootfs-only "oci:$home/home/packed:$tag" "$scratch/$tag"
		equals "$(stat -c %u:%g "$scratch/$tag/rootfs/etc/other")" 7:8
		equals "$(getfattr -Rdm - "$scratch/$tag/rootfs" 2>/dev/null)" ""
	done
}

@test "with ranges a packed folder of a user is root's" {
	need_newuidmap
	run -0 as_user "$RANGES" 'mkdir folder; echo x >folder/file; imgtool -q pack folder oci:packed:v1'
	imgtool -q unpack --rootfs-only "oci:$home/home/packed:v1" "$scratch/again"
	equals "$(stat -c %u:%g "$scratch/again/rootfs/file")" 0:0
	# The image is the user's own.
	equals "$(find "$home/home/packed" ! -user $USER_ID)" ""
}
