#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016,SC1003,SC2034 # variables of the helpers, and text of other languages
# A checkpoint that somebody else has made or can change: nothing in its directory but CRIU's own images
# decides anything, and what is no plain file of it is not touched.
load attack
load ../cli/criu

setup()
{
	make_bundle
	use_fake_criu
	make_canary
	images=$BATS_TEST_TMPDIR/images
	mkdir "$images"
}

teardown() { remove_containers; }

# refused TEXT: a restore fails with this, criu was never asked to restore, and nothing was made or changed.
refused()
{
	fails "$1" -- orun restore --detach --image-path "$images" "$id"
	not_asked '^type=2$'
	nothing_left
	host_untouched
}

@test "descriptors.json is read only as a short list of strings" {
	for text in '' '{}' '[' '["a"' '["a",]' '["a" "b"]' '[1]' '[null]' '[["a"]]' '["a"] x' 'null' \
		'["a","b","c","d"]' '["a\' '["\'; do
		printf %s "$text" >"$images/descriptors.json"
		refused descriptors.json
	done
	printf '["a\nb"]' >"$images/descriptors.json"
	refused descriptors.json
	printf '["a\0b"]' >"$images/descriptors.json"
	refused "has a NUL"
	{
		printf '["'
		head -c 200000 /dev/zero | tr '\0' a
		printf '"]'
	} >"$images/descriptors.json"
	refused "larger than 131072 bytes"
}

@test "descriptors.json is no link, no FIFO and no device" {
	echo '["pipe:[1]"]' >"$canary/file"
	canary_before=$(canary_state)
	ln -s "$canary/file" "$images/descriptors.json"
	refused "too many levels of symbolic links"
	rm "$images/descriptors.json"
	mkfifo "$images/descriptors.json"
	refused "no regular file"
	rm "$images/descriptors.json"
	mknod "$images/descriptors.json" c 1 5
	refused "no regular file"
	rm "$images/descriptors.json"
	mkdir "$images/descriptors.json"
	refused "no regular file"
}

@test "only the names of streams become keys: no namespace, path or descriptor is chosen by a checkpoint" {
	for name in extRootNetNS extRootPidNS /etc/shadow 'socket:[1]' 'pipe:[1]x' 'pipe:[]' 'pipe:[1' 'xpipe:[1]' \
		'pipe:[-1]' 'file[1:2' 'file[:2]' 'file[1:]' 'file[1:2:3]' 'file[G:1]' 'file[1]' \
		'\u0070ipe:[1]' 'mnt[]' ''; do
		printf '["%s"]' "$name" >"$images/descriptors.json"
		rm -f "$requests"
		orun restore --detach --image-path "$images" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
		asked type=2
		not_asked 'inherit_fd|opts.external|join_ns'
		orun delete --force "$id"
	done
	host_untouched
}

@test "a log that is a link is neither followed nor quoted" {
	echo "Error (canary)" >"$canary/file"
	canary_before=$(canary_state)
	echo '[]' >"$images/descriptors.json"
	ln -s "$canary/file" "$images/restore.log"
	FAKE_CRIU=die:restore fails "criu died of signal 9" -- \
		orun restore --detach --image-path "$images" "$id"
	[[ $output != *canary\)* ]]
	nothing_left
	host_untouched
}

@test "a checkpoint replaces a link in its way instead of writing through it" {
	run_detached
	ln -s "$canary/file" "$images/descriptors.json"
	orun checkpoint --leave-running --image-path "$images" "$id"
	[ -f "$images/descriptors.json" ] && [ ! -L "$images/descriptors.json" ]
	host_untouched
}

@test "a directory that everybody may write to is refused, and one of another user's is warned of" {
	echo '[]' >"$images/descriptors.json"
	chmod 1777 "$images"
	refused "everybody may write to it"
	chmod 755 "$images"
	chown 4242 "$images"
	orun restore --detach --image-path "$images" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	grep -q "belongs to user 4242" "$BATS_TEST_TMPDIR/said"
}

@test "a rootfs whose links lead outside gets its mount points inside" {
	echo '[]' >"$images/descriptors.json"
	ln -s "$canary" "$bundle/rootfs/link"
	ln -s ../../../../../../../../../../tmp "$bundle/rootfs/up"
	configure --arg dir "$canary" '.mounts += [
		{destination: "/link/made", source: $dir, options: ["bind", "ro"]},
		{destination: "/up/made-'"$id"'", source: $dir, options: ["bind", "ro"]}]'
	orun restore --detach --image-path "$images" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || true # it may refuse
	[ ! -e "/tmp/made-$id" ]
	[ ! -e "$canary/made" ]
	host_untouched
}
