#!/usr/bin/env bats
# Handlers: programs of the host that run the container's program. The one here tells what it was handed.
load helpers

setup()
{
	make_bundle
	handlers=$BATS_TEST_TMPDIR/handlers
	mkdir "$handlers"
	cat >"$BATS_TEST_TMPDIR/handler.c" <<-'TEXT'
		#include <fcntl.h>
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char command[64];
			if (argc > 2 && strcmp(argv[2], "write") == 0) {
				/* When it runs no longer, its file is not busy. */
				int own = open("/proc/self/exe", O_PATH);
				snprintf(command, sizeof command, "echo >/proc/self/fd/%d", own);
				execl("/bin/sh", "sh", "-c", command, (char *)NULL);
			}
			for (int i = 0; i < argc; i++)
				printf("%s ", argv[i]);
			printf("\npid %d uid %d\n", (int)getpid(), (int)getuid());
			for (int fd = 3; fd < 1024; fd++)
				if (fcntl(fd, F_GETFD) >= 0)
					printf("descriptor %d\n", fd);
			return 5;
		}
	TEXT
	gcc -D_GNU_SOURCE -static -o "$handlers/wasm" "$BATS_TEST_TMPDIR/handler.c"
	printf '\0asm' >"$bundle/rootfs/hello.wasm"
	program /hello.wasm one two
}

teardown()
{
	remove_containers
}

annotate()
{
	# shellcheck disable=SC2016 # variables of jq, not of the shell
	configure --arg key "$1" --arg value "$2" '.annotations[$key] = $value'
}

run_it()
{
	run orun --handlers "$handlers" run "$id"
}

@test "a handler runs what is no program" {
	annotate run.oci.handler wasm
	run_it
	equals "$status" 5
	equals "${lines[0]}" "wasm /hello.wasm one two "
	equals "${lines[1]}" "pid 1 uid 0"
	nothing_left
}

@test "a handler gets no descriptor" {
	annotate run.oci.handler wasm
	run_it
	equals "$status" 5
	[[ $output != *descriptor* ]]
}

@test "a container cannot write the file of its handler" {
	annotate run.oci.handler wasm
	program /hello.wasm write
	cp "$handlers/wasm" "$BATS_TEST_TMPDIR/before"
	run_it
	output_has "Read-only file system"
	cmp "$handlers/wasm" "$BATS_TEST_TMPDIR/before"
}

@test "images of WebAssembly say it their way" {
	annotate module.wasm.image/variant compat
	run_it
	equals "$status" 5
	annotate module.wasm.image/variant compat-smart
	run_it
	equals "$status" 5
}

@test "smart handlers leave programs alone" {
	annotate module.wasm.image/variant compat-smart
	program /bin/echo plain
	run_it
	equals "$status" 0
	equals "$output" plain
	annotate run.oci.handler wasm-smart
	run_it
	equals "$output" plain
}

@test "exec in such a container is an ordinary program" {
	annotate run.oci.handler wasm-smart
	script 'sleep 100'
	orun --handlers "$handlers" run --detach "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	run orun exec "$id" /bin/echo plain
	equals "$status" 0
	equals "$output" plain
}

@test "a handler that is not installed is named" {
	annotate run.oci.handler krun
	run -1 orun --handlers "$handlers" create "$id"
	output_has "handler 'krun': $handlers/krun: no such file or directory"
	nothing_left
}

@test "a handler that others may write is refused" {
	annotate run.oci.handler wasm
	chmod 775 "$handlers/wasm"
	run -1 orun --handlers "$handlers" create "$id"
	output_has "must be a file that only root may write"
	chmod 755 "$handlers/wasm"
	chown 1000 "$handlers/wasm"
	run -1 orun --handlers "$handlers" create "$id"
	output_has "must be a file that only root may write"
	nothing_left
}

@test "a container cannot choose a path" {
	local name
	for name in ../wasm /bin/sh "" "a b" . ..; do
		annotate run.oci.handler "$name"
		run -1 orun --handlers "$handlers" create "$id"
		output_has "is no handler's name"
	done
	nothing_left
}

@test "a handler that needs libraries says so" {
	annotate run.oci.handler bash
	cp "$(command -v bash)" "$handlers/bash"
	run -1 orun --handlers "$handlers" run "$id"
	output_has "exec handler 'bash': no such file or directory; it must be linked statically"
	nothing_left
}
