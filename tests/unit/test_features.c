/* The Features structure: every claim is put to the code that is to keep it. */
#include "runtime/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/caps.h"
#include "runtime/commands.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"
#include "spec/base/owned.h"
#include "spec/config.h"

static struct features *features;

static int begin(void **state)
{
	static const struct verb *const verbs[] = { NULL };
	struct error err = { 0 };

	(void)state;
	features = features_collect(verbs, &err);
	return features ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	table_free(&features_type, features);
	return 0;
}

/* A configuration with @text in it; NULL when it is refused, and then @reason says why. */
static struct config *parse(const char *text, char reason[static 512])
{
	owned_string whole =
		text_format("{\"ociVersion\": \"%s\", \"root\": {\"path\": \"r\"}, %s}",
			    features->oci_version_max, text);
	struct problems problems = { 0 };
	struct config *config = config_parse(whole, strlen(whole), &problems);

	snprintf(reason, 512, "%s", problems.list.n ? problems.list.v[0] : "");
	problems_finish(&problems);
	return config;
}

/* @format has one %s for the word. None of @words may be unknown, and another must be; whether a
 * word goes with the rest of the text is not the question. */
static void check_words(const struct string_list *words, const char *format)
{
	char text[512], reason[512];

	assert_true(words->n > 0);
	for (size_t i = 0; i <= words->n; i++) {
		bool known = i < words->n;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof text, format, known ? words->v[i] : "NO_SUCH_WORD");
#pragma GCC diagnostic pop
		config_free(parse(text, reason));
		if (known != !strstr(reason, "unknown value"))
			fail_msg("%s: %s", text, reason);
	}
}

static void both_versions_are_taken(void **state)
{
	static const char *const text = "{\"ociVersion\": \"%s\", \"root\": {\"path\": \"r\"}}";

	(void)state;
	const char *const versions[] = { features->oci_version_min, features->oci_version_max };
	for (size_t i = 0; i < 2; i++) {
		struct problems problems = { 0 };
		char whole[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(whole, sizeof whole, text, versions[i]);
#pragma GCC diagnostic pop
		struct config *config = config_parse(whole, strlen(whole), &problems);
		assert_non_null(config);
		config_free(config);
		problems_finish(&problems);
	}
}

static void every_hook_is_parsed(void **state)
{
	(void)state;
	assert_int_equal(features->hooks.n, 6);
	for (size_t i = 0; i < features->hooks.n; i++) {
		owned_string text = text_format("\"hooks\": {\"%s\": [{\"path\": \"/x\"}]}",
						features->hooks.v[i]);
		char reason[512];
		struct config *config = parse(text, reason);
		assert_string_equal(reason, "");
		OWNED(buffer_finish) struct buffer printed = { 0 };
		table_print(&config_type, config, 0, &printed);
		assert_non_null(strstr(printed.text, features->hooks.v[i]));
		config_free(config);
	}
}

/* A word that is not recognised would be handed to the file system. */
static void every_mount_option_is_recognised(void **state)
{
	(void)state;
	assert_true(features->mount_options.n > 50);
	for (size_t i = 0; i < features->mount_options.n; i++) {
		struct string_list one = { &features->mount_options.v[i], 1 };
		struct mount_options options;

		assert_int_equal(mount_options_parse(&one, &options, NULL), 0);
		if (options.data.n)
			fail_msg("%s is not recognised", one.v[0]);
		mount_options_finish(&options);
	}
	assert_true(string_list_has(&features->mount_options, "rro"));
}

static void every_capability_has_a_number(void **state)
{
	struct capabilities from = { 0 };
	OWNED(string_list_finish) struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	from.bounding = features->linux_->capabilities;
	assert_true(from.bounding.n >= 41);
	assert_string_equal(from.bounding.v[0], "CAP_CHOWN");
	assert_int_equal(caps_resolve(&from, UINT64_MAX, &caps, &warnings, NULL), 0);
	for (size_t i = 0; i < warnings.n; i++)
		assert_null(strstr(warnings.v[i], "unknown name"));
}

static void every_word_of_linux_is_parsed(void **state)
{
	const struct features_linux *linux_ = features->linux_;

	(void)state;
	check_words(&linux_->namespaces,
		    "\"linux\": {\"namespaces\": [{\"type\": \"%s\", \"path\": \"/x\"}]}");
	check_words(&linux_->memory_policy->modes,
		    "\"linux\": {\"memoryPolicy\": {\"mode\": \"%s\", \"nodes\": \"0\"}}");
	check_words(&linux_->memory_policy->flags,
		    "\"linux\": {\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\", "
		    "\"flags\": [\"%s\"]}}");
}

#define SECCOMP(inside)                                                     \
	"\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", " \
	"\"listenerPath\": \"/x\", " inside "}}"

static void every_word_of_seccomp_is_parsed(void **state)
{
	const struct features_seccomp *seccomp = features->linux_->seccomp;

	(void)state;
	check_words(&seccomp->actions,
		    SECCOMP("\"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"%s\"}]"));
	check_words(&seccomp->operators,
		    SECCOMP("\"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_LOG\", "
			    "\"args\": [{\"index\": 0, \"value\": 1, \"op\": \"%s\"}]}]"));
	check_words(&seccomp->known_flags, SECCOMP("\"flags\": [\"%s\"]"));
	for (size_t i = 0; i < seccomp->supported_flags.n; i++)
		assert_true(string_list_has(&seccomp->known_flags, seccomp->supported_flags.v[i]));
}

/* Of this machine's byte order: libseccomp makes no filter for both. */
static void every_architecture_is_compiled_for(void **state)
{
	const struct string_list *names = &features->linux_->seccomp->archs;

	(void)state;
	assert_true(names->n >= 16);
	for (size_t i = 0; i < names->n; i++) {
		struct seccomp seccomp = { .default_action = SECCOMP_ALLOW,
					   .architectures = { &names->v[i], 1 } };
		struct seccomp_filter filter;
		struct error err = { 0 };

		if (seccomp_compile(&seccomp, -1, &filter, &err))
			assert_null(strstr(err.msg, "unknown architecture"));
		else
			seccomp_filter_finish(&filter);
	}
}

static void checkpoint_is_told_when_there_is_the_command(void **state)
{
	static const struct verb checkpoint = { .name = "checkpoint" };
	static const struct verb *const verbs[] = { &checkpoint, NULL };
	struct features *with = features_collect(verbs, NULL);

	(void)state;
	assert_non_null(with);
	assert_string_equal(string_map_get(&with->annotations, "org.orun.checkpoint.enabled"),
			    "true");
	assert_string_equal(string_map_get(&features->annotations, "org.orun.checkpoint.enabled"),
			    "false");
	table_free(&features_type, with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_are_taken),
		cmocka_unit_test(every_hook_is_parsed),
		cmocka_unit_test(every_mount_option_is_recognised),
		cmocka_unit_test(every_capability_has_a_number),
		cmocka_unit_test(every_word_of_linux_is_parsed),
		cmocka_unit_test(every_word_of_seccomp_is_parsed),
		cmocka_unit_test(every_architecture_is_compiled_for),
		cmocka_unit_test(checkpoint_is_told_when_there_is_the_command),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
