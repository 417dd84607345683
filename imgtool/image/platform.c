#include "imgtool/image/platform.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* uname(2)'s machine and other tools' names beside Go's GOARCH. */
static const struct architecture {
	const char *name, *architecture, *variant;
} architectures[] = {
	{ "x86_64", "amd64", NULL },
	{ "i386", "386", NULL },
	{ "i486", "386", NULL },
	{ "i586", "386", NULL },
	{ "i686", "386", NULL },
	{ "aarch64", "arm64", NULL },
	{ "armv5tel", "arm", "v5" },
	{ "armv6l", "arm", "v6" },
	{ "armv7l", "arm", "v7" },
	{ "armv8l", "arm", "v8" },
	{ "loongarch64", "loong64", NULL },
};

/* Variants that are what the architecture is without one; for 32-bit Arm distributions mean v7 by it. */
static const struct {
	const char *architecture, *variant;
} usual_variants[] = {
	{ "amd64", "v1" },
	{ "arm64", "v8" },
	{ "arm", "v7" },
};

static void use_known_name(struct wanted_platform *platform)
{
	for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
		if (strcmp(platform->architecture, architectures[i].name) != 0)
			continue;
		platform->architecture = architectures[i].architecture;
		if (!platform->variant)
			platform->variant = architectures[i].variant;
		return;
	}
}

struct wanted_platform platform_of_host(void)
{
	static struct utsname host;
	struct wanted_platform platform = { .os = "linux" };

	uname(&host);
	platform.architecture = host.machine;
	use_known_name(&platform);
	return platform;
}

int platform_parse(char *text, struct wanted_platform *ret, struct error *err)
{
	char *rest = text;
	const char *os = strsep(&rest, "/"), *architecture = strsep(&rest, "/");
	const char *variant = strsep(&rest, "/");

	if (!*os || !architecture || !*architecture || (variant && !*variant) || rest) {
		error_set(err, EINVAL, "platform '%s': is not OS/ARCHITECTURE[/VARIANT]", os);
		return error_hint(err, "such as linux/amd64 or linux/arm/v7");
	}
	*ret = (struct wanted_platform){ os, architecture, variant };
	use_known_name(ret);
	return 0;
}

static const char *usual_variant(const char *architecture)
{
	for (size_t i = 0; i < sizeof usual_variants / sizeof *usual_variants; i++)
		if (strcmp(usual_variants[i].architecture, architecture) == 0)
			return usual_variants[i].variant;
	return "";
}

/* "v7", "v8.1", "power9" and "rva20u64" as 700, 801, 900 and 2000; in *word how long the word before it is. */
static unsigned variant_number(const char *variant, size_t *word)
{
	char *end;

	*word = strcspn(variant, "0123456789");
	unsigned long major = strtoul(variant + *word, &end, 10), minor = 0;
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return (unsigned)((major < 1000 ? major : 1000) * 100 + (minor < 99 ? minor : 99));
}

/* Whether a processor of variant @wanted runs what was built for @offered. */
static bool variant_runs(const char *wanted, const char *offered)
{
	size_t word, offered_word;
	unsigned number = variant_number(wanted, &word);
	unsigned offered_number = variant_number(offered, &offered_word);

	return word == offered_word && strncmp(wanted, offered, word) == 0 &&
	       offered_number <= number;
}

unsigned platform_score(const struct wanted_platform *wanted, const struct platform *offered)
{
	size_t word;

	if (!text_equal(wanted->os, offered->os) ||
	    !text_equal(wanted->architecture, offered->architecture))
		return 0;
	const char *usual = usual_variant(wanted->architecture);
	const char *variant = offered->variant ? offered->variant : usual;
	const char *best = wanted->variant ? wanted->variant : usual;
	if (strcmp(variant, best) == 0)
		return UINT_MAX;
	if (!wanted->variant)
		return 1;
	/* An index that names no variant need not be precise. */
	if (!offered->variant)
		return 1;
	return variant_runs(best, variant) ? 2 + variant_number(variant, &word) : 0;
}

char *platform_text(const char *os, const char *architecture, const char *variant)
{
	return text_format("%s/%s%s%s", os, architecture, variant ? "/" : "",
			   variant ? variant : "");
}
