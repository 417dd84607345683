/* v1's cpuset: new groups get what their ancestors have, so that processes can enter. */
#include "runtime/cgroup/create.h"
#include "tests/unit/cgroup_host.h"

static char cpus[4096], mems[4096];

static void read_root(void)
{
	struct error err = { 0 };

	assert_int_equal(
		cgroup_read("/sys/fs/cgroup/cpuset", "cpuset.cpus", cpus, sizeof cpus, &err), 0);
	assert_int_equal(
		cgroup_read("/sys/fs/cgroup/cpuset", "cpuset.mems", mems, sizeof mems, &err), 0);
	assert_true(*cpus && *mems);
}

static void every_new_level_gets_the_values_above(void **state)
{
	struct box box;
	char parent[256];

	(void)state;
	NEED_V1("cpuset");
	read_root();
	plan_host("a/b", NULL, &box.plan);
	box_create(&box);
	check_file(box_directory(&box, "cpuset"), "cpuset.cpus", cpus);
	check_file(box_directory(&box, "cpuset"), "cpuset.mems", mems);
	snprintf(parent, sizeof parent, "%s", box_directory(&box, "cpuset"));
	*strrchr(parent, '/') = '\0';
	check_file(parent, "cpuset.cpus", cpus);
	box_finish(&box);
}

static void what_the_configuration_says_goes_before(void **state)
{
	struct cpu cpu = { .cpus = (char[]){ "0" } };
	struct resources resources = { .cpu = &cpu };
	struct box box;
	char parent[256];

	(void)state;
	NEED_V1("cpuset");
	read_root();
	plan_host("one/cpu", &resources, &box.plan);
	box_create(&box);
	check_file(box_directory(&box, "cpuset"), "cpuset.cpus", "0");
	check_file(box_directory(&box, "cpuset"), "cpuset.mems", mems);
	snprintf(parent, sizeof parent, "%s", box_directory(&box, "cpuset"));
	*strrchr(parent, '/') = '\0';
	check_file(parent, "cpuset.cpus", cpus);
	box_finish(&box);
}

/* A group that someone made and left without a CPU is on the way. */
static void an_empty_group_on_the_way_is_filled(void **state)
{
	struct box box;
	char parent[256];

	(void)state;
	NEED_V1("cpuset");
	read_root();
	snprintf(parent, sizeof parent, "/sys/fs/cgroup/cpuset/orun-unit-%d", (int)getpid());
	assert_int_equal(mkdir(parent, 0755), 0);
	check_file(parent, "cpuset.cpus", "");
	plan_host("box", NULL, &box.plan);
	box_create(&box);
	check_file(parent, "cpuset.cpus", cpus);
	check_file(box_directory(&box, "cpuset"), "cpuset.cpus", cpus);
	box_finish(&box);
	assert_int_equal(rmdir(parent), 0);
}

static void values_are_inherited_from_the_nearest(void **state)
{
	struct cpu cpu = { .cpus = (char[]){ "0" } };
	struct resources resources = { .cpu = &cpu };
	struct box parent, box;

	(void)state;
	NEED_V1("cpuset");
	plan_host("narrow", &resources, &parent.plan);
	box_create(&parent);
	plan_host("narrow/box", NULL, &box.plan);
	box_create(&box);
	check_file(box_directory(&box, "cpuset"), "cpuset.cpus", "0");
	box_finish(&box);
	box_finish(&parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_new_level_gets_the_values_above),
		cmocka_unit_test(what_the_configuration_says_goes_before),
		cmocka_unit_test(an_empty_group_on_the_way_is_filled),
		cmocka_unit_test(values_are_inherited_from_the_nearest),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
