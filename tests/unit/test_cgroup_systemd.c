/* Names of scopes and slices. */
#include "tests/unit/systemd_properties.h"

#include <errno.h>

static void names_scope(const char *path, const char *manager_group, const char *unit,
			const char *slice, const char *group)
{
	struct error err = { 0 };
	struct systemd_scope *scope = systemd_scope_name(path, "box", manager_group, &err);

	if (!scope) {
		fail_msg("%s: %s", path, err.msg);
		return;
	}
	assert_string_equal(scope->unit, unit);
	assert_string_equal(scope->slice, slice);
	assert_string_equal(scope->group, group);
	assert_int_equal(scope->user, manager_group != NULL);
	systemd_scope_free(scope);
}

static void cgroups_path_names_slice_and_scope(void **state)
{
	(void)state;
	names_scope("machine.slice:libpod:4711", NULL, "libpod-4711.scope", "machine.slice",
		    "/machine.slice/libpod-4711.scope");
	names_scope("kubepods-burstable-pod1.slice:crio:x", NULL, "crio-x.scope",
		    "kubepods-burstable-pod1.slice",
		    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
		    "crio-x.scope");
	names_scope("-.slice:a:b", NULL, "a-b.scope", "-.slice", "/a-b.scope");
	names_scope("-:a:b", NULL, "a-b.scope", "-.slice", "/a-b.scope");
	names_scope("a_b.slice:p.q:r\\x2d", NULL, "p.q-r\\x2d.scope", "a_b.slice",
		    "/a_b.slice/p.q-r\\x2d.scope");
}

static void an_absent_path_gives_defaults(void **state)
{
	(void)state;
	names_scope(NULL, NULL, "orun-box.scope", "system.slice", "/system.slice/orun-box.scope");
	names_scope("", NULL, "orun-box.scope", "system.slice", "/system.slice/orun-box.scope");
	names_scope(":docker:1", NULL, "docker-1.scope", "system.slice",
		    "/system.slice/docker-1.scope");
	names_scope(NULL, "/", "orun-box.scope", "user.slice", "/user.slice/orun-box.scope");
	names_scope(NULL, "/user.slice/user-7.slice/user@7.service", "orun-box.scope", "user.slice",
		    "/user.slice/user-7.slice/user@7.service/user.slice/orun-box.scope");
}

static void what_cannot_be_a_unit_is_refused(void **state)
{
	static const struct {
		const char *path, *words;
	} cases[] = {
		{ "/a/b",
		  "to be of format \"slice:prefix:name\" for systemd cgroups, got \"/a/b\"" },
		{ "a.slice:b", "slice:prefix:name" },
		{ "a.slice:b:c:d", "slice:prefix:name" },
		{ "a:b:c", "invalid slice name: a" },
		{ ".slice:b:c", "invalid slice name: .slice" },
		{ "a--b.slice:b:c", "invalid slice name: a--b.slice" },
		{ "-a.slice:b:c", "invalid slice name: -a.slice" },
		{ "a-.slice:b:c", "invalid slice name: a-.slice" },
		{ "a/b.slice:b:c", "invalid slice name: a/b.slice" },
		{ "a.slice:b:c.slice", "'c.slice' is a slice" },
		{ "a.slice:b:../c", "'b-../c.scope' cannot be the name of a systemd unit" },
		{ "a.slice:b:c d", "cannot be the name" },
		{ "a.slice:b:c@d", "cannot be the name" },
		{ "a.slice:b:c\nd", "cannot be the name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { 0 };
		if (systemd_scope_name(cases[i].path, "box", NULL, &err))
			fail_msg("%s is taken", cases[i].path);
		assert_int_equal(err.code, EINVAL);
		if (!strstr(err.msg, cases[i].words))
			fail_msg("%s: %s", cases[i].path, err.msg);
	}
}

static void a_name_may_be_as_long_as_systemd_takes(void **state)
{
	char name[300];
	struct error err = { 0 };

	(void)state;
	memset(name, 'x', sizeof name);
	name[255 - strlen("a-.scope")] = '\0';
	owned_string path = text_format(":a:%s", name);
	struct systemd_scope *scope = systemd_scope_name(path, "box", NULL, &err);
	assert_non_null(scope);
	assert_int_equal(strlen(scope->unit), 255);
	systemd_scope_free(scope);
	owned_string longer = text_format(":a:%sx", name);
	assert_null(systemd_scope_name(longer, "box", NULL, &err));
}

static void every_scope_has_its_basics(void **state)
{
	struct error err = { 0 };

	(void)state;
	for (int version = 1; version <= 2; version++) {
		struct systemd_scope *scope = systemd_scope_name(NULL, "box", NULL, &err);
		assert_int_equal(systemd_scope_add_basics(scope, "box", version, &err), 0);
		owned_string expected = text_format(
			"Description:s=orun container box; Slice:s=system.slice; Delegate:b=true; "
			"DefaultDependencies:b=false; CollectMode:s=inactive-or-failed@236; "
			"CPUAccounting:b=true; MemoryAccounting:b=true; TasksAccounting:b=true; "
			"%sAccounting:b=true",
			version == 2 ? "IO" : "BlockIO");
		assert_string_equal(printed(&scope->properties), expected);
		systemd_scope_free(scope);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroups_path_names_slice_and_scope),
		cmocka_unit_test(an_absent_path_gives_defaults),
		cmocka_unit_test(what_cannot_be_a_unit_is_refused),
		cmocka_unit_test(a_name_may_be_as_long_as_systemd_takes),
		cmocka_unit_test(every_scope_has_its_basics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
