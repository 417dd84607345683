#!/usr/bin/env bats
# imgtool pack: an image from a folder. What is in it is seen with other tools.
# shellcheck disable=SC2154 # new_layout sets layout and scratch
load helpers
load trees

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "devices and owners need root"
	new_layout
	unset SOURCE_DATE_EPOCH
	# Not there yet: pack makes it.
	image=$BATS_TEST_TMPDIR/image
	folder=$BATS_TEST_TMPDIR/folder
	mkdir "$folder"
}

# Some of every kind.
files()
{
	local long
	long=$(printf '%0120d' 7)
	mkdir -p "$folder"/{bin,etc,empty,tmp} "$folder/$long/$long/$long"
	chmod 1777 "$folder/tmp"
	echo program >"$folder/bin/program"
	ln "$folder/bin/program" "$folder/bin/other"
	chmod 4755 "$folder/bin/program"
	setcap cap_net_raw+ep "$folder/bin/program"
	ln -s ../bin/program "$folder/etc/link"
	ln "$folder/etc/link" "$folder/etc/link.too"
	ln -s "$long/$long/$long" "$folder/long-link"
	echo x >"$folder/$long/$long/$long/file"
	mkfifo -m 622 "$folder/fifo"
	mknod -m 666 "$folder/null" c 1 3
	mknod "$folder/disk" b 259 1048575
	echo owned >"$folder/owned"
	chown 3000000:4294967294 "$folder/owned"
	setfattr -n user.comment -v $'two\nlines' "$folder/owned"
	setfattr -n user.directory -v d "$folder/etc"
	# u::rw- u:5:r-- g::r-- m::r-- o::---, in the kernel's form
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020004000500000004000400ffffffff10000400ffffffff20000000ffffffff \
		"$folder/bin/other"
	truncate -s 3M "$folder/sparse"
	echo end >>"$folder/sparse"
	head -c 2500000 /dev/urandom >"$folder/random"
	: >"$folder/nothing"
	echo x >"$folder/ünï and blanks"
	echo x >"$folder/"$'new\nline'
	touch -d '1970-01-01 00:00:00' "$folder/nothing"
	touch -h -d '2001-02-03 04:05:06.789' "$folder/etc/link"
	touch -d '2030-01-01 00:00:00' "$folder/etc"
}

# packed ARGUMENT…: quietly; the digest is in $output.
packed()
{
	run -0 imgtool --quiet pack "$@"
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
}

# blob DIGEST [LAYOUT]
blob()
{
	cat "${2:-$image}/blobs/${1/:/\/}"
}

manifest_of()
{
	local digest
	digest=$(jq -r --arg tag "$1" '.manifests[]
		| select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' "${2:-$image}/index.json")
	blob "$digest" "${2:-$image}"
}

# config_of TAG [LAYOUT]
config_of()
{
	blob "$(manifest_of "$@" | jq -r .config.digest)" "${2:-$image}"
}

nothing_at()
{
	[ ! -e "$1" ]
	equals "$(find "$(dirname "$1")" -name '*imgtool-*')" ""
}

@test "a folder comes out of the image as it went in, by imgtool and by umoci" {
	files
	packed "$folder" "oci:$image:v1" --cmd /bin/program
	run -0 imgtool verify "oci:$image:v1"
	run -0 imgtool unpack --rootfs-only "oci:$image:v1" "$scratch/ours"
	same_trees "$folder" "$scratch/ours/rootfs"
	command -v umoci >/dev/null || skip "there is no umoci"
	umoci unpack --image "$image:v1" "$scratch/theirs" >/dev/null
	same_trees "$folder" "$scratch/theirs/rootfs"
}

@test "each compression says the same, and other tools read it" {
	files
	local form diff_id
	for form in gzip zstd none "gzip --level 0" "gzip --level 1" "zstd --level 9"; do
		# shellcheck disable=SC2086 # words
		packed "$folder" "oci:$image:x" --compression $form
		diff_id=$(config_of x | jq -r '.rootfs.diff_ids[]')
		manifest_of x | jq -c '.layers[0]' >"$scratch/layer"
		blob "$(jq -r .digest "$scratch/layer")" >"$scratch/blob"
		equals "$(stat -c %s "$scratch/blob")" "$(jq .size "$scratch/layer")"
		case $form in
		gzip*) gzip -dc ;;
		zstd*) zstd -dc ;;
		none) cat ;;
		esac <"$scratch/blob" >"$scratch/plain"
		equals "sha256:$(sha256_of "$scratch/plain")" "$diff_id"
		echo "$diff_id" >>"$scratch/all"
	done
	equals "$(sort -u "$scratch/all" | wc -l)" 1
	equals "$(tar -tf "$scratch/plain" | wc -l)" "$(find "$folder" -printf 'x\n' | wc -l)"
	jq -r .mediaType "$scratch/layer" | grep -qx "$OCI.layer.v1.tar+zstd"
}

@test "the same input has the same digest, whatever its order on disk, its inodes and the time" {
	files
	packed "$folder" "oci:$image:one" --cmd x
	local first=$output
	# Names in another order, and read since.
	cp -a "$folder" "$scratch/copy"
	mkdir "$scratch/moved"
	find "$scratch/copy" -mindepth 1 -maxdepth 1 -print0 | sort -rz | xargs -0 mv -t "$scratch/moved"
	mv "$scratch/moved"/* "$scratch/copy"
	touch -r "$folder" "$scratch/copy"
	cat "$scratch/copy/random" >/dev/null
	packed "$scratch/copy" "oci:$scratch/elsewhere:two" --cmd x
	equals "$output" "$first"
	packed "$scratch/copy" "oci-archive:$scratch/one.tar:a" --cmd x
	equals "$output" "$first"
	packed "$folder" "oci-archive:$scratch/two.tar:a" --cmd x
	cmp "$scratch/one.tar" "$scratch/two.tar"
}

@test "SOURCE_DATE_EPOCH is the image's time, and no file is later" {
	mkdir "$folder/a"
	touch -d @1000.5 "$folder/early"
	touch -d @2000000000 "$folder/late" "$folder/a" "$folder"
	SOURCE_DATE_EPOCH=1700000000 packed "$folder" "oci:$image:clamp"
	equals "$(config_of clamp | jq -r .created)" 2023-11-14T22:13:20Z
	equals "$(config_of clamp | jq -r '.history[0].created')" 2023-11-14T22:13:20Z
	imgtool --quiet unpack --rootfs-only "oci:$image:clamp" "$scratch/bundle"
	equals "$(find "$scratch/bundle/rootfs" -printf '%P %T@\n' | sort)" " 1700000000.0000000000
a 1700000000.0000000000
early 1000.5000000000
late 1700000000.0000000000"
	SOURCE_DATE_EPOCH=1700000000 packed "$folder" "oci:$image:keep" --mtime keep
	imgtool --quiet unpack --rootfs-only "oci:$image:keep" "$scratch/bundle2"
	equals "$(stat -c %Y "$scratch/bundle2/rootfs/late")" 2000000000
	packed "$folder" "oci:$image:zero"
	equals "$(config_of zero | jq -r .created)" 1970-01-01T00:00:00Z
	packed "$folder" "oci:$image:said" --created 2001-02-03T04:05:06Z --mtime clamp
	equals "$(config_of said | jq -r .created)" 2001-02-03T04:05:06Z
	run -1 env SOURCE_DATE_EPOCH=soon "$IMGTOOL" pack "$folder" "oci:$image:x"
	output_has "SOURCE_DATE_EPOCH 'soon': is no number of seconds"
	run -1 imgtool pack "$folder" "oci:$image:x" --mtime clamp
	output_has "--mtime clamp: wants --created or SOURCE_DATE_EPOCH"
}

@test "every option is in the image's configuration, as skopeo reads it too" {
	# shellcheck disable=SC2016 # a variable of the container's shell
	packed "$folder" "oci:$image:v1" --entrypoint /bin/sh --entrypoint -c --cmd '["echo $A", "b"]' --env A=1 --env B= \
		--workdir /w --user 5:6 --label k=v --label empty= --expose 80 --expose 53/udp --volume /data \
		--stop-signal SIGINT --author 'A <a@b>' --message "because" --created 1700000000 --platform linux/arm64/v8
	equals "$(config_of v1 | jq -cS .)" "$(jq -cnS --arg diff "$(config_of v1 | jq -r '.rootfs.diff_ids[0]')" '{
		architecture: "arm64", os: "linux", variant: "v8", author: "A <a@b>", created: "2023-11-14T22:13:20Z",
		config: {Entrypoint: ["/bin/sh", "-c"], Cmd: ["echo $A", "b"], Env: ["A=1", "B="], WorkingDir: "/w",
			User: "5:6", Labels: {k: "v", empty: ""}, ExposedPorts: {"80/tcp": {}, "53/udp": {}},
			Volumes: {"/data": {}}, StopSignal: "SIGINT"},
		rootfs: {type: "layers", diff_ids: [$diff]},
		history: [{created: "2023-11-14T22:13:20Z", created_by: "imgtool pack", author: "A <a@b>",
			comment: "because"}]}')"
	command -v skopeo >/dev/null || skip "there is no skopeo"
	run -0 skopeo inspect --override-arch arm64 --override-variant v8 --config "oci:$image:v1"
	equals "$(jq -c .config.Entrypoint <<<"$output")" '["/bin/sh","-c"]'
}

@test "other images of a layout stay, and a tag moves" {
	echo 1 >"$folder/file"
	small_image old
	cp "$layout/index.json" "$scratch/before"
	packed "$folder" "oci:$layout:new"
	equals "$(jq -c '.manifests[0]' "$layout/index.json")" "$(jq -c '.manifests[0]' "$scratch/before")"
	echo 2 >"$folder/file"
	local first=$output
	packed "$folder" "oci:$layout:new"
	[ "$output" != "$first" ]
	equals "$(jq -c '[.manifests[].annotations["org.opencontainers.image.ref.name"]]' "$layout/index.json")" \
		'["old","new"]'
	run -0 imgtool verify "oci:$layout:new"
	run -0 imgtool verify "oci:$layout:old"
	# The former image is still there for those who know its digest.
	run -0 imgtool inspect "oci:$layout@$first"
}

@test "without a tag the image is the latest" {
	packed "$folder" "oci:$image"
	run -0 imgtool list "oci:$image"
	output_has latest
}

@test "images that are packed at once are all there" {
	local i pids=()
	for i in 1 2 3 4 5 6; do
		mkdir "$scratch/$i"
		echo "$i" >"$scratch/$i/file"
		imgtool --quiet pack "$scratch/$i" "oci:$image:v$i" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	for i in 1 2 3 4 5 6; do
		run -0 imgtool verify "oci:$image:v$i"
	done
	equals "$(find "$image" -name '*imgtool*')" ""
}

@test "an archive serves skopeo, as an oci-archive and as a docker-archive" {
	command -v skopeo >/dev/null || skip "there is no skopeo"
	files
	local kind
	packed "$folder" "docker-archive:$scratch/image.tar:some/name" --cmd /bin/program
	for kind in "oci-archive:$scratch/image.tar" "docker-archive:$scratch/image.tar:some/name:latest"; do
		rm -rf "$scratch/layout" "$scratch/bundle"
		skopeo copy --quiet "$kind" "oci:$scratch/layout:x"
		imgtool --quiet unpack --rootfs-only "oci:$scratch/layout:x" "$scratch/bundle"
		same_trees "$folder" "$scratch/bundle/rootfs"
	done
	packed "$folder" "oci:$image:x"
	skopeo copy --quiet "oci:$image:x" "docker-archive:$scratch/theirs.tar:a:b"
	run -0 imgtool verify "docker-archive:$scratch/theirs.tar"
}

@test "podman loads the archive" {
	command -v podman >/dev/null || skip "there is no podman"
	echo hello >"$folder/file"
	packed "$folder" "docker-archive:$scratch/image.tar:localhost/packed:v1" --label a=b
	local podman=(timeout 60 podman --root "$scratch/storage" --runroot "$scratch/run" --storage-driver vfs
		--cgroup-manager cgroupfs)
	"${podman[@]}" load --input "$scratch/image.tar" </dev/null >"$scratch/said" 2>&1
	run -0 "${podman[@]}" image inspect localhost/packed:v1
	equals "$(jq -c '.[0].Labels' <<<"$output")" '{"a":"b"}'
	equals "$("${podman[@]}" image inspect localhost/packed:v1 | jq -r '.[0].Id')" \
		"$(tar -xOf "$scratch/image.tar" manifest.json | jq -r '.[0].Config' | cut -d / -f 3)"
}

@test "an archive replaces a file, and nothing else" {
	echo old >"$scratch/file"
	packed "$folder" "oci-archive:$scratch/file"
	run -0 imgtool verify "oci-archive:$scratch/file"
	mkfifo "$scratch/fifo"
	ln -s file "$scratch/link"
	local name
	for name in fifo link .; do
		fails "exists and is no regular file" -- pack "$folder" "oci-archive:$scratch/$name"
	done
	[ -p "$scratch/fifo" ] && [ -L "$scratch/link" ]
	fails "no such file or directory" -- pack "$folder" "oci-archive:$scratch/no/where"
}

@test "sockets are left out with a notice" {
	(cd "$folder" && perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die')
	echo x >"$folder/file"
	run -0 imgtool pack "$folder" "oci:$image:v1"
	output_has "/socket: a socket, left out"
	imgtool --quiet unpack --rootfs-only "oci:$image:v1" "$scratch/bundle"
	equals "$(ls "$scratch/bundle/rootfs")" file
}

@test "what no layer can have is an error that leaves nothing" {
	echo x >"$folder/.wh.file"
	fails "/.wh.file: a layer cannot have a name that begins with .wh." -- pack "$folder" "oci:$image:v1"
	nothing_at "$image"
	rm "$folder/.wh.file"
	mkdir "$folder/sub"
	mknod "$folder/sub/gone" c 0 0
	fails "/sub/gone: is a whiteout of overlayfs" -- pack "$folder" "oci-archive:$scratch/file.tar"
	nothing_at "$scratch/file.tar"
	rm "$folder/sub/gone"
	echo x >"$folder/file"
	setfattr -n user.a=b -v 1 "$folder/file"
	fails "/file: a layer cannot have the xattr 'user.a=b'" -- pack "$folder" "oci:$image:v1"
	nothing_at "$image"
}

@test "the host's own attributes stay with the host" {
	echo x >"$folder/file"
	setfattr -n trusted.overlay.opaque -v y "$folder/file"
	setfattr -n trusted.secret -v y "$folder/file"
	setfattr -n user.kept -v y "$folder/file"
	packed "$folder" "oci:$image:v1" --compression none
	blob "$(manifest_of v1 | jq -r '.layers[0].digest')" >"$scratch/blob"
	grep -qa 'SCHILY.xattr.user.kept=y' "$scratch/blob"
	run -1 grep -qa trusted "$scratch/blob"
}

@test "a file that changes while it is read is an error" {
	head -c 30000000 /dev/zero >"$folder/file"
	(for ((i = 0; i < 3000; i++)); do echo more >>"$folder/file"; done) &
	local writer=$!
	fails "/file: it changed while it was read" -- pack "$folder" "oci:$image:v1"
	wait "$writer" || true  # it has only to be gone
	nothing_at "$image"
}

@test "links are packed, never followed" {
	mkdir "$scratch/outside"
	echo secret >"$scratch/outside/secret"
	ln -s "$scratch/outside" "$folder/link"
	ln -s "$scratch/outside/secret" "$folder/file"
	packed "$folder" "oci:$image:v1" --compression none
	run -1 grep -rq '^secret' "$image/blobs"
	# The folder itself may be named by one.
	ln -s "$folder" "$scratch/name"
	packed "$scratch/name" "oci:$image:v2" --compression none
}

@test "a directory that is no layout is not made one" {
	mkdir "$scratch/full"
	echo mine >"$scratch/full/file"
	fails "is neither empty nor an image layout" -- pack "$folder" "oci:$scratch/full:v1"
	equals "$(ls -A "$scratch/full")" file
	mkdir "$scratch/hollow"
	packed "$folder" "oci:$scratch/hollow:v1"
}

@test "a layout whose index is broken stays as it is" {
	small_image old
	echo '{"schemaVersion":2}' >"$layout/index.json"
	local before
	before=$(tree_list "$layout")
	fails "index.json: manifests: required, but missing" -- pack "$folder" "oci:$layout:v1"
	# But for the time of the directory itself, in which a temporary one was.
	equals "$(tree_list "$layout" | grep -v '^\.|')" "$(grep -v '^\.|' <<<"$before")"
}

@test "a full disk is an error that leaves nothing" {
	head -c 4000000 /dev/urandom >"$folder/large"
	mkdir "$scratch/small"
	mount -t tmpfs -o size=1m tmpfs "$scratch/small"
	run -1 imgtool --quiet pack "$folder" "oci:$scratch/small/layout:v1"
	local said=$output left
	run -1 imgtool --quiet pack "$folder" "oci-archive:$scratch/small/file.tar"
	said+=$output
	left=$(ls -A "$scratch/small")
	umount "$scratch/small"
	equals "$left" ""
	equals "$(grep -o 'no space left on device' <<<"$said" | wc -l)" 2
}

# starts_packing ARGUMENT…: in the background, with something large, until it writes; its process is $packing.
starts_packing()
{
	head -c 200000000 /dev/urandom >"$folder/large"
	"$IMGTOOL" --quiet pack "$folder" "$@" >"$scratch/said" 2>&1 3>&- &
	packing=$!
	for _ in {1..500}; do
		[ -z "$(find "$BATS_TEST_TMPDIR" -path '*imgtool-*' -type f -size +1M)" ] || return 0
		sleep 0.01
	done
	return 1
}

@test "SIGTERM and SIGHUP leave nothing, and end the process as they do" {
	local signal status
	# Background jobs of a shell ignore SIGINT, so that stays ignored: the next test has a terminal.
	for signal in TERM HUP; do
		starts_packing "oci:$image:v1" --compression gzip
		kill -s "$signal" "$packing"
		status=0
		wait "$packing" || status=$?
		equals "$status" $((128 + $(kill -l "$signal")))
		grep -q "interrupted by SIG$signal" "$scratch/said"
		nothing_at "$image"
		starts_packing "oci-archive:$scratch/file.tar"
		kill -s "$signal" "$packing"
		wait "$packing" || true  # looked at above
		nothing_at "$scratch/file.tar"
	done
}

@test "Ctrl-C leaves nothing" {
	command -v script >/dev/null || skip "there is no script(1)"
	head -c 200000000 /dev/urandom >"$folder/large"
	local status=0
	# Typed on a terminal when the display shows that it works; script(1) makes the terminal.
	mkfifo "$scratch/keys"
	(while ! grep -q 'Packing' "$scratch/said" 2>/dev/null; do sleep 0.01; done; printf '\003'; sleep 2) >"$scratch/keys" &
	local typing=$!
	# Whoever runs the tests may ignore SIGINT, and imgtool would heed that.
	TERM=xterm timeout 20 perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' script --quiet --return --flush --command "'$IMGTOOL' pack '$folder' 'oci:$image:v1'" "$scratch/said" \
		<"$scratch/keys" >/dev/null 2>&1 || status=$?
	# Not all children: one of them is the clock of bats.
	wait "$typing"
	equals "$status" 130
	grep -q "interrupted by SIGINT" "$scratch/said"
	nothing_at "$image"
}

@test "what a killed process left goes with the next" {
	starts_packing "oci:$image:v1"
	kill -s KILL "$packing"
	wait "$packing" || true  # killed
	[ -n "$(find "$image" -name '.imgtool-*')" ]
	rm "$folder/large"
	packed "$folder" "oci:$image:v1"
	equals "$(find "$image" -name '.imgtool-*')" ""
	run -0 imgtool verify "oci:$image:v1"
}

@test "events are JSON, one a line; quiet is the digest alone" {
	echo x >"$folder/file"
	run -0 --separate-stderr imgtool --json pack "$folder" "oci:$image:v1"
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	# shellcheck disable=SC2154 # bats sets it
	equals "$(jq -sc '[.[] | [.item, .state]] | unique' <<<"$stderr")" '[[0,"done"],[0,"packing"]]'
	run -0 --separate-stderr imgtool --quiet pack "$folder" "oci:$image:v1"
	equals "$stderr" ""
}

@test "a normal user's files are root's in the image" {
	command -v setpriv >/dev/null || skip "there is no setpriv"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$scratch"
	echo x >"$folder/file"
	mkdir "$scratch/images"
	chown -R 54321:54321 "$folder" "$scratch/images"
	run -0 setpriv --reuid 54321 --regid 54321 --clear-groups "$IMGTOOL" --quiet pack "$folder" "oci:$scratch/images/i:v1"
	imgtool --quiet unpack --rootfs-only "oci:$scratch/images/i:v1" "$scratch/bundle"
	equals "$(stat -c %u:%g "$scratch/bundle/rootfs/file" "$scratch/bundle/rootfs")" "0:0
0:0"
}

@test "options that make no sense are errors before anything is made" {
	fails "--compression 'xz': is none of gzip, zstd, none" -- pack "$folder" "oci:$image:v1" --compression xz
	fails "level 4: gzip has 0 to 3" -- pack "$folder" "oci:$image:v1" --level 4
	fails "a level: nothing is compressed" -- pack "$folder" "oci:$image:v1" --compression none --level 1
	fails "option --expose: 'http'" -- pack "$folder" "oci:$image:v1" --expose http
	fails "option --workdir: 'relative' is no absolute path" -- pack "$folder" "oci:$image:v1" --workdir relative
	fails "a new image has a tag" -- pack "$folder" "oci:$image@sha256:$(printf 'a%.0s' {1..64})"
	fails "no such file or directory" -- pack "$folder/nowhere" "oci:$image:v1"
	echo x >"$folder/file"
	fails "not a directory" -- pack "$folder/file" "oci:$image:v1"
	fails "pack: wants DIR|BUNDLE IMAGE" -- pack "$folder"
	nothing_at "$image"
}
