/* Capabilities: names to masks, and taking them on, each in a child process of its own. */
#include "runtime/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(n) (UINT64_C(1) << (n))
#define EVERYTHING UINT64_MAX

/* @text: names separated by blanks. */
static struct string_list names(const char *text)
{
	struct string_list list = { 0 };
	char copy[256], *rest = NULL;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		assert_int_equal(string_list_add(&list, word), 0);
	return list;
}

static void free_names(struct capabilities *from)
{
	string_list_finish(&from->bounding);
	string_list_finish(&from->effective);
	string_list_finish(&from->permitted);
	string_list_finish(&from->inheritable);
	string_list_finish(&from->ambient);
}

static void names_become_bits(void **state)
{
	struct capabilities from = {
		.bounding = names("CAP_CHOWN CAP_KILL CAP_NET_RAW CAP_CHECKPOINT_RESTORE"),
		.effective = names("CAP_CHOWN"),
		.permitted = names("CAP_CHOWN CAP_KILL"),
		.inheritable = names("CAP_KILL"),
		.ambient = names("CAP_KILL"),
	};
	struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	assert_int_equal(caps_resolve(&from, EVERYTHING, &caps, &warnings, NULL), 0);
	assert_int_equal(caps.bounding, BIT(0) | BIT(5) | BIT(13) | BIT(40));
	assert_int_equal(caps.effective, BIT(0));
	assert_int_equal(caps.permitted, BIT(0) | BIT(5));
	assert_int_equal(caps.inheritable, BIT(5));
	assert_int_equal(caps.ambient, BIT(5));
	assert_int_equal(warnings.n, 0);
	free_names(&from);
}

static void names_may_have_any_case(void **state)
{
	struct capabilities from = { .bounding = names("cap_chown Cap_Kill") };
	struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	assert_int_equal(caps_resolve(&from, EVERYTHING, &caps, &warnings, NULL), 0);
	assert_int_equal(caps.bounding, BIT(0) | BIT(5));
	assert_int_equal(warnings.n, 0);
	free_names(&from);
}

static void unknown_names_are_left_out_with_one_warning_each(void **state)
{
	static const char wrong[] =
		"CAP_FLY CHOWN 0 CAP_ CAP_CHOWN=ep CAP_CHOWN,CAP_KILL cap_0 ALL "
		"CAP_CHOWNX";
	struct capabilities from = { .bounding = names(wrong), .permitted = names(wrong) };
	struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	assert_int_equal(caps_resolve(&from, EVERYTHING, &caps, &warnings, NULL), 0);
	assert_int_equal(caps.bounding, 0);
	assert_int_equal(caps.permitted, 0);
	assert_int_equal(warnings.n, 9);
	assert_non_null(strstr(warnings.v[0], "CAP_FLY"));
	free_names(&from);
	string_list_finish(&warnings);
}

static void what_cannot_be_granted_is_left_out_with_a_warning(void **state)
{
	struct capabilities from = { .bounding = names("CAP_CHOWN CAP_KILL"),
				     .effective = names("CAP_CHOWN CAP_KILL"),
				     .permitted = names("CAP_CHOWN CAP_KILL") };
	struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	assert_int_equal(caps_resolve(&from, BIT(5), &caps, &warnings, NULL), 0);
	assert_int_equal(caps.bounding, BIT(5));
	assert_int_equal(caps.effective, BIT(5));
	assert_int_equal(caps.permitted, BIT(5));
	assert_int_equal(warnings.n, 1);
	assert_non_null(strstr(warnings.v[0], "CAP_CHOWN"));
	free_names(&from);
	string_list_finish(&warnings);
}

static void sets_that_the_kernel_would_refuse_are_made_smaller(void **state)
{
	struct capabilities from = {
		.bounding = names("CAP_CHOWN"),
		.effective = names("CAP_CHOWN CAP_KILL"),
		.permitted = names("CAP_CHOWN"),
		.inheritable = names("CAP_NET_RAW"),
		.ambient = names("CAP_CHOWN"),
	};
	struct string_list warnings = { 0 };
	struct caps caps;

	(void)state;
	assert_int_equal(caps_resolve(&from, EVERYTHING, &caps, &warnings, NULL), 0);
	assert_int_equal(caps.effective, BIT(0));
	assert_int_equal(caps.inheritable, 0);
	assert_int_equal(caps.ambient, 0);
	assert_int_equal(warnings.n, 3);
	assert_non_null(strstr(warnings.v[0], "cap_kill left out: effective"));
	assert_non_null(strstr(warnings.v[1], "cap_net_raw left out: inheritable"));
	assert_non_null(strstr(warnings.v[2], "cap_chown left out: ambient"));
	free_names(&from);
	string_list_finish(&warnings);
}

static void no_section_gives_empty_sets(void **state)
{
	static const struct caps nothing;
	struct caps caps = { .bounding = 1 };
	struct string_list warnings = { 0 };

	(void)state;
	assert_int_equal(caps_resolve(NULL, EVERYTHING, &caps, &warnings, NULL), 0);
	assert_memory_equal(&caps, &nothing, sizeof caps);
}

static uint64_t status_mask(const char *field)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long mask = ~0ULL;
	char line[256];

	while (status && fgets(line, sizeof line, status))
		if (strncmp(line, field, strlen(field)) == 0)
			mask = strtoull(line + strlen(field), NULL, 16);
	if (status)
		fclose(status);
	return mask;
}

static void grantable_is_both_bounding_and_permitted(void **state)
{
	(void)state;
	assert_int_equal(caps_grantable(), status_mask("CapBnd:") & status_mask("CapPrm:"));
}

static void all_ends_at_the_kernels_last_one(void **state)
{
	(void)state;
	uint64_t all = caps_all();
	assert_int_equal(all & (all + 1), 0);
	assert_true(all & BIT(CAP_CHECKPOINT_RESTORE));
	for (unsigned n = 0; n < 64; n++)
		assert_int_equal((all >> n) & 1, prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0);
}

/* Runs @body in a child; its result must be 0. */
static void run_as_root(int (*body)(void))
{
	if (!(status_mask("CapEff:") & BIT(CAP_SETPCAP))) {
		print_message("needs CAP_SETPCAP\n");
		skip();
	}
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool sets_are(uint64_t effective, uint64_t permitted, uint64_t inheritable, uint64_t ambient)
{
	return status_mask("CapEff:") == effective && status_mask("CapPrm:") == permitted &&
	       status_mask("CapInh:") == inheritable && status_mask("CapAmb:") == ambient;
}

static const struct caps wanted = {
	.bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW),
	.permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL),
	.effective = BIT(CAP_CHOWN),
	.inheritable = BIT(CAP_KILL),
	.ambient = BIT(CAP_KILL),
};

static int limit_bounding(void)
{
	if (caps_limit_bounding(&wanted, NULL) || status_mask("CapBnd:") != wanted.bounding)
		return 1;
	return caps_limit_bounding(&wanted, NULL) ? 2 : 0; /* once more changes nothing */
}

static void bounding_is_limited(void **state)
{
	(void)state;
	run_as_root(limit_bounding);
}

static int limit_bounding_without_privilege(void)
{
	static const struct caps none;
	struct error err = { 0 };

	if (caps_limit_bounding(&wanted, NULL) || caps_set(&none, NULL))
		return 1;
	if (caps_limit_bounding(&wanted, &err))
		return 2; /* nothing to drop, nothing to refuse */
	if (caps_limit_bounding(&none, &err) == 0 || err.code != EPERM)
		return 3;
	return strstr(err.msg, "bounding") ? 0 : 4;
}

static void without_privilege_only_a_change_is_refused(void **state)
{
	(void)state;
	run_as_root(limit_bounding_without_privilege);
}

static int take_on(void)
{
	uint64_t also = BIT(CAP_SYS_ADMIN) | BIT(63); /* the last one nobody has */

	if (caps_limit_bounding(&wanted, NULL) || caps_set_keeping(&wanted, also, NULL))
		return 1;
	if (!sets_are(wanted.effective | BIT(CAP_SYS_ADMIN), wanted.permitted | BIT(CAP_SYS_ADMIN),
		      wanted.inheritable, wanted.ambient))
		return 2;
	if (caps_set(&wanted, NULL))
		return 3;
	if (!sets_are(wanted.effective, wanted.permitted, wanted.inheritable, wanted.ambient))
		return 4;
	return 0;
}

static void sets_are_taken_on_in_two_steps(void **state)
{
	(void)state;
	run_as_root(take_on);
}

static int take_on_nothing_after_ambient(void)
{
	static const struct caps none;

	if (caps_set_keeping(&wanted, 0, NULL) || caps_set_keeping(&none, 0, NULL))
		return 1;
	return sets_are(0, 0, 0, 0) ? 0 : 2;
}

static void inherited_ambient_ones_are_gone(void **state)
{
	(void)state;
	run_as_root(take_on_nothing_after_ambient);
}

static int replace_ambient(void)
{
	struct caps other = wanted;

	other.permitted = other.inheritable = BIT(CAP_CHOWN) | BIT(CAP_KILL);
	other.ambient = BIT(CAP_CHOWN);
	if (caps_set_keeping(&wanted, ~UINT64_C(0), NULL) || caps_set_keeping(&other, 0, NULL))
		return 1;
	return status_mask("CapAmb:") == other.ambient ? 0 : 2;
}

static void ambient_ones_are_replaced(void **state)
{
	(void)state;
	run_as_root(replace_ambient);
}

static int survive_another_uid(void)
{
	/* What the start of a container does: keep over the change of ids, then take on. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setresuid(65534, 65534, 65534))
		return 1;
	if (caps_set_keeping(&wanted, BIT(CAP_SYS_ADMIN), NULL) || caps_set(&wanted, NULL))
		return 2;
	return sets_are(wanted.effective, wanted.permitted, wanted.inheritable, wanted.ambient) ? 0
												: 3;
}

static void sets_can_be_taken_on_after_a_change_of_ids(void **state)
{
	(void)state;
	run_as_root(survive_another_uid);
}

static int raise_what_is_not_there(void)
{
	static const struct caps none;
	struct error err = { 0 };

	if (caps_set(&none, NULL) || caps_set(&wanted, &err) == 0)
		return 1;
	return err.code == EPERM && strstr(err.msg, "permitted 0x21") ? 0 : 2;
}

static void nothing_can_be_raised_again(void **state)
{
	(void)state;
	run_as_root(raise_what_is_not_there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_bits),
		cmocka_unit_test(names_may_have_any_case),
		cmocka_unit_test(unknown_names_are_left_out_with_one_warning_each),
		cmocka_unit_test(what_cannot_be_granted_is_left_out_with_a_warning),
		cmocka_unit_test(sets_that_the_kernel_would_refuse_are_made_smaller),
		cmocka_unit_test(no_section_gives_empty_sets),
		cmocka_unit_test(grantable_is_both_bounding_and_permitted),
		cmocka_unit_test(all_ends_at_the_kernels_last_one),
		cmocka_unit_test(bounding_is_limited),
		cmocka_unit_test(without_privilege_only_a_change_is_refused),
		cmocka_unit_test(sets_are_taken_on_in_two_steps),
		cmocka_unit_test(inherited_ambient_ones_are_gone),
		cmocka_unit_test(ambient_ones_are_replaced),
		cmocka_unit_test(sets_can_be_taken_on_after_a_change_of_ids),
		cmocka_unit_test(nothing_can_be_raised_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
