/* Which platform suits which. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/platform.h"
#include "spec/base/owned.h"

static unsigned score(const char *wanted, const char *offered)
{
	owned_string first = strdup(wanted);
	owned_string second = strdup(offered);
	struct wanted_platform want, offer;

	assert_int_equal(platform_parse(first, &want, NULL), 0);
	assert_int_equal(platform_parse(second, &offer, NULL), 0);
	const struct platform platform = { .os = (char *)offer.os,
					   .architecture = (char *)offer.architecture,
					   .variant = (char *)offer.variant };
	return platform_score(&want, &platform);
}

static void another_system_or_architecture_never_suits(void **unused)
{
	(void)unused;
	assert_int_equal(score("linux/amd64", "windows/amd64"), 0);
	assert_int_equal(score("linux/amd64", "linux/arm64"), 0);
	assert_int_equal(score("linux/amd64", "unknown/unknown"), 0);
	const struct wanted_platform host = platform_of_host();
	assert_int_equal(platform_score(&host, &(const struct platform){ 0 }), 0);
}

static void an_earlier_variant_runs_and_a_later_does_not(void **unused)
{
	(void)unused;
	assert_true(score("linux/arm/v7", "linux/arm/v6") > 0);
	assert_true(score("linux/arm/v7", "linux/arm/v6") > score("linux/arm/v7", "linux/arm/v5"));
	assert_true(score("linux/arm/v7", "linux/arm/v7") > score("linux/arm/v7", "linux/arm/v6"));
	assert_int_equal(score("linux/arm/v6", "linux/arm/v7"), 0);
	assert_int_equal(score("linux/arm64/v8", "linux/arm64/v8.1"), 0);
	assert_true(score("linux/arm64/v8.2", "linux/arm64/v8.1") > 0);
	assert_true(score("linux/amd64/v3", "linux/amd64/v2") > 0);
	assert_true(score("linux/ppc64le/power9", "linux/ppc64le/power8") > 0);
	assert_int_equal(score("linux/ppc64le/power8", "linux/ppc64le/power9"), 0);
	assert_int_equal(score("linux/ppc64le/power8", "linux/ppc64le/v8"), 0);
}

static void without_a_variant_the_usual_one_is_meant(void **unused)
{
	(void)unused;
	assert_int_equal(score("linux/amd64", "linux/amd64/v1"),
			 score("linux/amd64", "linux/amd64"));
	assert_int_equal(score("linux/arm64", "linux/arm64/v8"),
			 score("linux/arm64", "linux/arm64"));
	assert_int_equal(score("linux/arm/v7", "linux/arm"), score("linux/arm/v7", "linux/arm/v7"));
	assert_true(score("linux/amd64", "linux/amd64") > score("linux/amd64", "linux/amd64/v2"));
	assert_true(score("linux/amd64", "linux/amd64/v2") > 0);
	assert_true(score("linux/arm/v6", "linux/arm") > 0);
}

static void the_kernels_names_are_known(void **unused)
{
	struct wanted_platform platform;
	char text[] = "linux/aarch64", arm[] = "linux/armv7l", given[] = "linux/armv7l/v6";

	(void)unused;
	assert_int_equal(platform_parse(text, &platform, NULL), 0);
	assert_string_equal(platform.architecture, "arm64");
	assert_null(platform.variant);
	assert_int_equal(platform_parse(arm, &platform, NULL), 0);
	assert_string_equal(platform.architecture, "arm");
	assert_string_equal(platform.variant, "v7");
	assert_int_equal(platform_parse(given, &platform, NULL), 0);
	assert_string_equal(platform.variant, "v6");
	platform = platform_of_host();
	assert_string_equal(platform.os, "linux");
	assert_null(strchr(platform.architecture, '_'));
}

static void what_is_no_platform(void **unused)
{
	static const char *const bad[] = { "",		 "linux",	   "linux/", "/amd64",
					   "linux/arm/", "linux/arm/v7/x", "//" };

	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		owned_string text = strdup(bad[i]);
		struct wanted_platform platform;
		struct error err = { 0 };

		if (platform_parse(text, &platform, &err) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(err.msg, "such as linux/amd64"));
	}
}

static void platforms_as_text(void **unused)
{
	owned_string two = platform_text("linux", "amd64", NULL);
	owned_string three = platform_text("linux", "arm", "v7");

	(void)unused;
	assert_string_equal(two, "linux/amd64");
	assert_string_equal(three, "linux/arm/v7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_system_or_architecture_never_suits),
		cmocka_unit_test(an_earlier_variant_runs_and_a_later_does_not),
		cmocka_unit_test(without_a_variant_the_usual_one_is_meant),
		cmocka_unit_test(the_kernels_names_are_known),
		cmocka_unit_test(what_is_no_platform),
		cmocka_unit_test(platforms_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
