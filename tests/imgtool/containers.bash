# shellcheck shell=bash
# Bundles that imgtool makes, run by orun, runc and crun. Behind helpers.bash.
#
#   setup()    { new_layout; busybox_image v1; bundle=$BATS_TEST_TMPDIR/bundle; }
#   teardown() { no_containers; }

ORUN=${ORUN:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/orun}

# busybox_tree FOLDER: a root file system whose programs are busybox.
busybox_tree()
{
	local applet
	mkdir -p "$1"/{bin,etc,tmp,home/app}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in sh awk cat cut echo env false grep hostname id ip kill ls mkdir mount nproc ps pwd readlink sed sleep \
		sort stat stty test touch tr true tty umask unshare wc; do
		ln -s busybox "$1/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh app:x:1000:1001:app:/home/app:/bin/sh >"$1/etc/passwd"
	printf '%s\n' root:x:0: app:x:1001: extra:x:2000:other,app >"$1/etc/group"
}

# busybox_image TAG [CONFIG-FILTER]
busybox_image()
{
	local folder=$BATS_FILE_TMPDIR/busybox
	[ -e "$folder" ] || busybox_tree "$folder"
	add_layer "$(tar_of "$folder" --owner=0 --group=0)" gzip
	add_image "$@"
}

runtimes()
{
	printf '%s\n' orun runc crun
}

need_runtime()
{
	[ "$(id -u)" -eq 0 ] || skip "making a container needs root"
	if [ "$1" = orun ]; then
		[ -x "$ORUN" ] || skip "there is no $ORUN"
	else
		command -v "$1" >/dev/null || skip "there is no $1"
	fi
}

# run_bundle RUNTIME BUNDLE: to its end; what the container says is in $output, its status in $status. Nothing waits for a
# pipe of ours: a container that stays would keep it open.
run_bundle()
{
	local runtime=$1 id=imgtool-$$-$BATS_SUITE_TEST_NUMBER state=$BATS_TEST_TMPDIR/state-$1
	local said=$BATS_TEST_TMPDIR/said
	# It knows no hierarchies of both versions beside each other.
	local alone='umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"'
	status=0
	case $runtime in
	orun) timeout 60 "$ORUN" --root "$state" run --bundle "$2" "$id" ;;
	runc) timeout 60 runc --root "$state" run --bundle "$2" "$id" ;;
	crun) timeout 60 unshare --mount sh -c "$alone" sh --root "$state" run --bundle "$2" "$id" ;;
	esac </dev/null >"$said" 2>&1 || status=$?
	output=$(cat "$said")
}

# same_under_all BUNDLE EXPECTED: what the container says under each runtime that is here.
same_under_all()
{
	local runtime
	for runtime in $(runtimes); do
		if [ "$runtime" = orun ] || command -v "$runtime" >/dev/null; then
			run_bundle "$runtime" "$1"
			equals "$runtime: $status: $output" "$runtime: 0: $2"
		fi
	done
}

# No container of this test runs, nothing is mounted for it and no control group is left.
no_containers()
{
	local id=imgtool-$$-$BATS_SUITE_TEST_NUMBER
	equals "$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)" ""  # grep finds none
	equals "$(find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null || true)" ""  # groups of others vanish meanwhile
}
