# shellcheck shell=bash
# A dockerd of the file's own, for what Docker makes. No network, no registry: they begin with an import.
#
#   setup_file()    { start_docker; }
#   teardown_file() { stop_docker; }
#   @test … { need_docker; docker build …; }   # skipped where there is none

docker()
{
	DOCKER_BUILDKIT=0 command timeout 100 docker -H "unix://$BATS_FILE_TMPDIR/docker/socket" "$@" </dev/null
}

# start_docker [STORAGE-DRIVER]
start_docker()
{
	local base=$BATS_FILE_TMPDIR/docker
	command -v dockerd >/dev/null && command -v docker >/dev/null || return 0
	mkdir -p "$base"
	dockerd --data-root "$base/data" --exec-root "$base/exec" -H "unix://$base/socket" \
		--pidfile "$base/pid" --bridge=none --iptables=false --storage-driver="${1:-vfs}" \
		--cgroup-parent "/test-docker-$$" >"$base/log" 2>&1 3>&- </dev/null &
	echo $! >"$base/started"
	for _ in {1..150}; do
		if docker version >/dev/null 2>&1; then
			touch "$base/runs"
			return
		fi
		sleep 0.1
	done
	tail -n 5 "$base/log" >&3
}

need_docker()
{
	[ -e "$BATS_FILE_TMPDIR/docker/runs" ] || skip "no dockerd runs here"
}

# docker_base NAME: an image with busybox in it.
docker_base()
{
	local root=$BATS_FILE_TMPDIR/docker-root applet
	if [ ! -e "$root" ]; then
		mkdir -p "$root/bin" "$root/etc" "$root/tmp"
		cp "$(command -v busybox)" "$root/bin/busybox"
		for applet in $(busybox --list); do
			[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
		done
		echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
		echo root:x:0: >"$root/etc/group"
	fi
	tar -C "$root" -cf "$root.tar" .
	docker import "$root.tar" "$1" >/dev/null
}

stop_docker()
{
	local base=$BATS_FILE_TMPDIR/docker pid
	[ -e "$base/started" ] || return 0
	pid=$(cat "$base/started")
	kill "$pid" 2>/dev/null || true  # clean-up
	for _ in {1..100}; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	find /sys/fs/cgroup -depth -type d -path "*/test-docker-$$*" -exec rmdir {} \; 2>/dev/null || true  # clean-up
	grep -oE " ${base}[^ ]*" /proc/self/mountinfo | sort -r | while read -r point; do umount "$point"; done
	rm -rf "$base" "$BATS_FILE_TMPDIR"/docker-root*
}
