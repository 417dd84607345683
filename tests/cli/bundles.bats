#!/usr/bin/env bats
# Bundles that others made: runc's configuration, a Debian image unpacked by umoci, Docker's.
load helpers
load ../docker

# The slow set-up: a Debian image in OCI form, and a dockerd with a container.
setup_file()
{
	[ "$(id -u)" -eq 0 ] || return 0
	make_image || echo "# no Debian image: see the skipped tests" >&3
	make_docker_container || echo "# no container of Docker: see the skipped tests" >&3
}

teardown_file()
{
	[ ! -s "$BATS_FILE_TMPDIR/docker/id" ] ||
		docker rm -f "$(cat "$BATS_FILE_TMPDIR/docker/id")" >/dev/null 2>&1 || true  # clean-up
	stop_docker
	rm -rf "$BATS_FILE_TMPDIR/image" "$BATS_FILE_TMPDIR/debian"
}

make_image()
{
	local base=$BATS_FILE_TMPDIR
	command -v mmdebstrap >/dev/null && command -v umoci >/dev/null || return 1
	{
		mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
			bookworm "$base/debian" &&
			umoci init --layout "$base/image" &&
			umoci new --image "$base/image:debian" &&
			umoci insert --image "$base/image:debian" "$base/debian" / &&
			umoci config --image "$base/image:debian" --config.cmd /bin/bash --config.env A=b \
				--config.workingdir /srv &&
			rm -rf "$base/debian" &&
			umoci unpack --image "$base/image:debian" "$base/unpacked"
	} >"$base/image.log" 2>&1 3>&- </dev/null || {
		tail -n 5 "$base/image.log" >&3
		return 1
	}
}

make_docker_container()
{
	start_docker
	[ -e "$BATS_FILE_TMPDIR/docker/runs" ] || return 1
	docker_base test
	docker run -d --network none --memory 64m --pids-limit 77 --cpu-shares 333 --hostname docker-made \
		test /bin/sleep 10000 >"$BATS_FILE_TMPDIR/docker/id"
}

setup() { make_bundle; }
teardown() { remove_containers; }

@test "a configuration that runc wrote" {
	need_runc
	rm "$bundle/config.json"
	(cd "$bundle" && runc spec)
	configure '.process.terminal = false'
	same_as_runc 'hostname; id -u; cut -d" " -f5 /proc/self/mountinfo | grep -v unified | sort; ulimit -n;
		grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; ls /proc/self/ns; env | sort; ls /dev'
}

@test "a rootless configuration that runc wrote" {
	need_runc
	rm "$bundle/config.json"
	(cd "$bundle" && runc spec --rootless)
	configure '.process.terminal = false'
	same_as_runc 'hostname; id -u; cat /proc/self/uid_map; grep -E "^Cap" /proc/self/status'
}

@test "a Debian image, unpacked by umoci" {
	need_runc
	[ -e "$BATS_FILE_TMPDIR/unpacked/config.json" ] || skip "mmdebstrap or umoci could not make the image here"
	bundle=$BATS_FILE_TMPDIR/unpacked
	configure '.process.terminal = false'
	same_as_runc '. /etc/os-release; echo "$ID"; pwd; env | sort; id; dpkg --list | wc -l; ls /; hostname;
		grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; perl -e "print 6 * 7, qq(\n)"; ls -l /dev | cut -c1-10'
	output_has debian
	output_has 42
	output_has A=b
	output_has /srv
}

@test "a configuration that Docker wrote" {
	need_runc
	local base=$BATS_FILE_TMPDIR/docker container file
	need_docker
	[ -s "$base/id" ] || skip "Docker's container did not start here"
	container=$(cat "$base/id")
	file=$(find "$base/exec" -path "*$container/config.json" | head -n 1)
	[ -n "$file" ] || skip "no config.json of Docker's container was found"
	cp "$file" "$bundle/config.json"
	# Docker's hook enters the container into Docker's own network.
	configure --arg id "$id" 'del(.hooks) | .linux.cgroupsPath = "/" + $id'
	same_as_runc 'id; hostname; cut -d" " -f5,6 /proc/self/mountinfo | grep -v unified | grep -vE "^/(proc|sys|dev)/" | sort;
		cut -d" " -f5 /proc/self/mountinfo | grep -v unified | sort;
		grep -E "^(Cap|NoNewPrivs|Seccomp)" /proc/self/status; env | sort;
		cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.shares'
	output_has 67108864
	output_has 77
	output_has 333
	output_has docker-made
}
