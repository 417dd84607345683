#!/usr/bin/env bats
# What imgtool unpacks is what umoci unpacks, to the last attribute, from images that umoci, GNU tar and Docker have made.
load helpers
load ../docker
load trees

setup_file()
{
	start_docker overlay2
}

teardown_file()
{
	stop_docker
}

setup()
{
	local program
	[ "$(id -u)" -eq 0 ] || skip "devices and owners need root"
	for program in umoci getfattr setcap; do
		command -v "$program" >/dev/null || skip "there is no $program"
	done
	new_layout
	work=$BATS_TEST_TMPDIR/work
	image=$work/image:v1
	home=
	mkdir "$work"
}

teardown()
{
	rm -rf "$work" "$home"
}

# next_layer FUNCTION: one more layer of $image, which has what the function changes in the present root file system.
next_layer()
{
	umoci unpack --image "$image" "$work/bundle" >/dev/null
	(cd "$work/bundle/rootfs" && "$1")
	umoci repack --image "$image" "$work/bundle" >/dev/null
	rm -rf "$work/bundle"
}

same_as_umoci()
{
	umoci unpack --image "$image" "$work/theirs" >/dev/null
	run -0 imgtool unpack --rootfs-only "oci:$image" "$work/ours"
	same_trees "$work/theirs/rootfs" "$work/ours/rootfs"
}

layers_of_image()
{
	umoci stat --image "$image" --json | jq '[.history[] | select(.layer)] | length'
}

# ---- what changes from layer to layer ----

first_files()
{
	local i
	mkdir -p usr/bin usr/lib etc var/lib/app/deep/er dev run tmp opt/replaced
	ln -s usr/bin bin
	ln -s usr/lib lib
	chmod 1777 tmp
	chown 5:50 var/lib/app
	chmod 2775 var/lib/app
	echo tool >usr/bin/tool
	chmod 4755 usr/bin/tool
	echo group >usr/bin/group
	chown 0:42 usr/bin/group
	chmod 2755 usr/bin/group
	echo program >usr/bin/ping
	chmod 755 usr/bin/ping
	setcap cap_net_raw+ep usr/bin/ping
	echo 1 >usr/lib/lib.so.1
	ln usr/lib/lib.so.1 usr/lib/lib.so.one
	ln -s lib.so.1 usr/lib/lib.so
	ln usr/lib/lib.so usr/lib/lib.so.too
	mknod dev/null c 1 3
	chmod 666 dev/null
	mknod dev/disk b 8 300
	mkfifo run/fifo
	chmod 622 run/fifo
	chown 7:8 run/fifo
	for i in 1 2 3 4 5; do
		echo "$i" >"var/lib/app/f$i"
		echo "$i" >"var/lib/app/deep/er/f$i"
	done
	setfattr -n user.comment -v 'with blanks' var/lib/app/f1
	setfattr -n user.directory -v d var/lib/app
	head -c 3000000 /dev/urandom >usr/lib/large
	truncate -s 5M usr/lib/sparse
	touch -d '2001-02-03 04:05:06' var/lib/app/f2
	touch -h -d '1999-12-31 23:59:59' bin
	touch -d '1965-01-01 00:00:00' etc
	echo x >'opt/name with blanks'
	echo x >opt/ünï
	echo f >opt/replaced/f
	echo file >opt/file
	ln -s nowhere opt/link
}

changes()
{
	rm var/lib/app/f3 usr/lib/lib.so
	rm -r var/lib/app/deep
	ln usr/bin/ping usr/bin/ping4
	echo changed >var/lib/app/f1
	chmod 600 var/lib/app/f2
	chown 3:4 var/lib/app/f4
	rm -r opt/replaced
	ln -s file opt/replaced
	rm opt/file
	mkdir opt/file
	echo in >opt/file/in
	rm opt/link
	mkfifo opt/link
}

more_changes()
{
	mkdir -p var/lib/app/deep/er
	echo new >var/lib/app/deep/er/new
	chmod 700 var/lib
	setfattr -x user.directory var/lib/app
	setfattr -n user.other -v 1 var/lib/app
	ln usr/lib/lib.so.1 var/lib/app/linked
	rm usr/lib/lib.so.one
	setcap cap_net_admin+ep usr/bin/ping
	echo through >bin/through
}

last_changes()
{
	rm -r opt
	mkdir opt
	echo last >opt/last
	chmod 711 opt
	touch -d 2010-01-01 opt
	rm dev/disk
	mknod dev/disk c 5 1
	chown -h 9:9 bin
}

umoci_image()
{
	umoci init --layout "$work/image"
	umoci new --image "$image"
	next_layer first_files
	next_layer changes
	next_layer more_changes
	next_layer last_changes
}

@test "layers that umoci made" {
	umoci_image
	equals "$(layers_of_image)" 4
	same_as_umoci
	# The test would say nothing if these had been lost on the way.
	run -0 tree_list "$work/ours/rootfs"
	output_has './usr/bin/tool|f|4755|'
	output_has './usr/bin/ping4|f|755|0:0|2|'
	output_has 'security.capability=0x0100000200100000'
	output_has './dev/disk|c|'
	output_has './etc|d|755|0:0|2||-157766400.'
	[ ! -e "$work/ours/rootfs/var/lib/app/f3" ]
	[ ! -e "$work/ours/rootfs/opt/file" ]
}

# ---- without root ----

# as_user PROGRAM ARGUMENT…: one without subordinate ids.
as_user()
{
	env HOME="$home" setpriv --reuid 12345 --regid 12345 --clear-groups "$@"
}

# recorded FOLDER: its list without what only the two programs' ways differ in. umoci makes empty files for devices;
# and it writes the id 4294967295, "as the file has it", for one of root's, which we leave out, so that readers take it for 0.
recorded()
{
	tree_list "$1" | grep -v '  *\./dev/' | grep -v '^\./dev/' |
		sed -E 's/(user.rootlesscontainers=0x)08ffffffff0f/\1/; s/(user.rootlesscontainers=0x.*)10ffffffff0f/\1/'
}

@test "owners that a normal user's files have on record" {
	umoci_image
	# The folder of the tests is root's alone.
	home=$(mktemp -d /tmp/imgtool-user.XXXXXX)
	cp -r "$work/image" "$home/image"
	cp "$IMGTOOL" "$home/imgtool"
	chown -R 12345:12345 "$home"
	as_user umoci unpack --rootless --image "$home/image:v1" "$home/theirs" >/dev/null 2>&1
	as_user "$home/imgtool" unpack --rootfs-only "oci:$home/image:v1" "$home/ours" >"$work/notices" 2>&1
	grep -q 'devices are left out' "$work/notices"
	diff -u <(recorded "$home/theirs/rootfs") <(recorded "$home/ours/rootfs")
	# uid 5, gid 50.
	recorded "$home/ours/rootfs" | grep -q 'var/lib/app .*user.rootlesscontainers=0x08051032'
}

# ---- what only other tools write ----

# tar_layer FOLDER TAR-OPTION…: one more layer of $image, by GNU tar.
tar_layer()
{
	local folder=$1
	shift
	tar --sort=name --format=pax --xattrs --xattrs-include='*' --numeric-owner \
		-cf "$work/layer.tar" -C "$folder" "$@"
	umoci raw add-layer --image "$image" "$work/layer.tar"
}

@test "layers that GNU tar made: nanoseconds, opaque directories, linked parents, holes" {
	local more=$work/more
	umoci_image
	mkdir -p "$more"/var/lib/app/sub "$more"/lib/below "$more"/etc
	echo nanoseconds >"$more/etc/nanoseconds"
	ln -s nanoseconds "$more/etc/link"
	touch -h -d '2020-02-02 02:02:02.123456789' "$more"/etc/{nanoseconds,link}
	touch -d '2020-02-02 02:02:02.987654321' "$more/etc"
	# A directory that the layer keeps, one that it makes and the file that says that nothing else stays.
	touch "$more/var/lib/app/.wh..wh..opq"
	echo new >"$more/var/lib/app/sub/new"
	# Below lib, which is a link in the image and has no entry here.
	echo linked >"$more/lib/linked"
	ln "$more/lib/linked" "$more/lib/below/hard"
	truncate -s 3M "$more/etc/holes"
	echo middle | dd of="$more/etc/holes" bs=1 seek=1000000 conv=notrunc status=none
	tar_layer "$more" --sparse etc var lib/below lib/linked
	equals "$(layers_of_image)" 5
	same_as_umoci
	run -0 tree_list "$work/ours/rootfs"
	output_has './etc/nanoseconds|f|644|0:0|1||1580608922.123456789'
	output_has './lib|l|'
	output_has './usr/lib/below/hard|f|644|0:0|2|'
	output_has './var/lib/app/sub/new|'
	[ ! -e "$work/ours/rootfs/var/lib/app/f1" ]
}

@test "an opaque directory whose mark comes last" {
	local more=$work/more
	umoci_image
	mkdir -p "$more"/var/lib/app/deep/er
	echo newer >"$more/var/lib/app/deep/er/newer"
	touch "$more/.wh..wh..opq"
	tar --numeric-owner --transform 's,^mark,var/lib/app/.wh..wh..opq,' -cf "$work/layer.tar" -C "$more" var
	mv "$more/.wh..wh..opq" "$more/mark"
	tar --numeric-owner --transform 's,^mark,var/lib/app/.wh..wh..opq,' -rf "$work/layer.tar" -C "$more" mark
	umoci raw add-layer --image "$image" "$work/layer.tar"
	umoci unpack --image "$image" "$work/theirs" >/dev/null
	run -0 imgtool unpack --rootfs-only "oci:$image" "$work/ours"
	# umoci 0.4.7 has set the time of deep/er before it removes what a lower layer has there, so that it is the time of
	# unpacking; the layer has whole seconds.
	[[ $(stat -c %y "$work/ours/rootfs/var/lib/app/deep/er") == *.000000000* ]]
	touch -r "$work/ours/rootfs/var/lib/app/deep/er" "$work/theirs/rootfs/var/lib/app/deep/er"
	same_trees "$work/theirs/rootfs" "$work/ours/rootfs"
	equals "$(cd "$work/ours/rootfs/var/lib/app" && find . | sort | tr '\n' ' ')" ". ./deep ./deep/er ./deep/er/newer "
}

# ---- Docker ----

docker_image()
{
	local context=$work/context
	mkdir "$context"
	echo added >"$context/added"
	cat >"$context/Dockerfile" <<-'EOF'
		FROM base
		RUN mkdir -p /srv/a/b /srv/gone && echo 1 >/srv/a/b/f && echo 2 >/srv/a/g && echo 3 >/srv/gone/f && \
			chmod 4755 /srv/a/g && chown 12:34 /srv/a && chmod 2770 /srv/a && mkfifo /srv/fifo && mknod /srv/null c 1 3
		RUN rm -r /srv/gone /srv/a/b && mkdir /srv/a/b && echo new >/srv/a/b/new && ln /srv/a/g /srv/a/hard && ln -s g /srv/a/soft
		COPY added /srv/a/added
		RUN rm /srv/a/g && touch -d '2001-02-03 04:05:06' /srv/a && ln /bin/busybox /srv/busybox
	EOF
	docker_base base
	docker build --network none -t built "$context" >"$work/log" 2>&1
}

@test "layers that docker build made" {
	need_docker
	docker_image || { cat "$work/log"; false; }
	docker save built -o "$work/saved.tar"
	skopeo --insecure-policy copy "docker-archive:$work/saved.tar:built:latest" "oci:$image" >/dev/null
	[ "$(layers_of_image)" -ge 5 ]
	same_as_umoci
	# The archive as it is gives the same tree.
	run -0 imgtool unpack --rootfs-only "docker-archive:$work/saved.tar:built:latest" "$work/saved"
	same_trees "$work/saved/rootfs" "$work/ours/rootfs"
	run -0 tree_list "$work/ours/rootfs"
	output_has './srv/a|d|2770|12:34|'
	output_has './srv/a/b/new|'
	output_has './srv/busybox|f|'
	[ ! -e "$work/ours/rootfs/srv/gone" ]
	[ ! -e "$work/ours/rootfs/srv/a/b/f" ]
}

# docker_commit FROM TO SCRIPT
docker_commit()
{
	docker run --network none --name "$2" "$1" sh -c "$3" >"$work/log" 2>&1 || {
		cat "$work/log"
		return 1
	}
	docker commit "$2" "$2" >/dev/null
	docker rm "$2" >/dev/null
}

@test "layers that docker commit made" {
	need_docker
	docker_base base
	docker_commit base first 'mkdir -p /srv/a/b && echo old >/srv/a/old && echo old >/srv/a/b/old && ln /srv/a/old /srv/hard'
	docker_commit first second 'rm -r /srv/a && mkdir /srv/a && echo new >/srv/a/new && chmod 1700 /tmp && mkfifo /tmp/fifo &&
		rm /srv/hard && ln -s a /srv/hard'
	docker save second -o "$work/saved.tar"
	skopeo --insecure-policy copy "docker-archive:$work/saved.tar:second:latest" "oci:$image" >/dev/null
	equals "$(layers_of_image)" 3
	same_as_umoci
	equals "$(ls "$work/ours/rootfs/srv/a")" new
}
