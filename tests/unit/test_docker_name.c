/* Docker's names, whose registry and tag have defaults. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/docker_name.h"

static void defaults_are_filled_in(void **unused)
{
	(void)unused;
	assert_true(docker_name_equal("busybox", "docker.io/library/busybox:latest"));
	assert_true(docker_name_equal("library/busybox", "index.docker.io/library/busybox"));
	assert_true(docker_name_equal("docker.io/example/name:1", "example/name:1"));
	assert_true(docker_name_equal("host:5000/a", "host:5000/a:latest"));
}

static void others_differ(void **unused)
{
	(void)unused;
	assert_false(docker_name_equal("busybox", "busybox:1"));
	assert_false(docker_name_equal("busybox", "example/busybox"));
	assert_false(docker_name_equal("library/a/busybox", "a/busybox"));
	assert_false(docker_name_equal("host:5000/a", "host:5000/b"));
	assert_false(docker_name_equal("host:5000/a", "host/a"));
	assert_false(docker_name_equal("a", ""));
	assert_false(docker_name_equal("quay.io/a", "docker.io/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(others_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
