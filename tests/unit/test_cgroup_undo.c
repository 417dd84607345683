/* What undoes a write, from files that look like the kernel's; and undoing for real on cgroup v1. */
#include "runtime/cgroup/undo.h"
#include "spec/base/owned.h"
#include "tests/unit/cgroup_host.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static char folder[64];

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void take(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static struct cgroup_plan plan_of(struct cgroup_write *write)
{
	static struct cgroup_hierarchy hierarchy;

	hierarchy = (struct cgroup_hierarchy){ .version = 1, .directory = folder };
	return (struct cgroup_plan){
		.hierarchies = &hierarchy, .n_hierarchies = 1, .writes = write, .n_writes = 1
	};
}

/* What would undo writing @value to the file @name that has @text; NULL: nothing. */
static void check(const char *name, const char *text, const char *value, const char *expected)
{
	struct cgroup_write write = { .file = (char *)(uintptr_t)name,
				      .value = (char *)(uintptr_t)value };
	const struct cgroup_plan plan = plan_of(&write);
	struct cgroup_plan old;
	struct cgroup_undo undo;
	struct error err = { 0 };

	put(name, text);
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	assert_int_equal(cgroup_undo_plan(&undo, &old, &err), 0);
	assert_int_equal(old.n_writes, expected ? 1 : 0);
	if (expected) {
		assert_string_equal(old.writes[0].file, name);
		assert_string_equal(old.writes[0].value, expected);
	}
	free(old.writes);
	cgroup_undo_finish(&undo);
	take(name);
}

static void files_of_one_value(void **state)
{
	(void)state;
	check("pids.max", "max\n", "5", "max");
	check("cpu.max", "50000 100000\n", "20000 50000", "50000 100000");
	check("cpuset.cpus", "\n", "0-1", "\n");
	check("memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 3\n", "0", "1");
	/* Nothing that could be written. */
	check("memory.events", "low 0\nhigh 0\n", "1", NULL);
}

static void lines_for_devices_and_interfaces(void **state)
{
	(void)state;
	check("blkio.throttle.read_bps_device", "8:0 100\n8:16 200\n", "8:16 5", "8:16 200");
	check("blkio.throttle.read_bps_device", "8:0 100\n", "8:1 5", "8:1 0");
	check("blkio.throttle.read_bps_device", "18:1 100\n", "8:1 5", "8:1 0");
	check("blkio.throttle.write_iops_device", "", "8:1 5", "8:1 0");
	check("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 rbps=5",
	      "8:0 rbps=1 wbps=max riops=max wiops=max");
	check("io.max", "", "8:0 rbps=5", "8:0 rbps=max wbps=max riops=max wiops=max");
	check("io.weight", "default 100\n8:0 50\n", "200", "default 100");
	check("io.weight", "default 100\n8:0 50\n", "default 200", "default 100");
	check("io.weight", "default 100\n8:0 50\n", "8:0 200", "8:0 50");
	check("io.weight", "default 100\n", "8:0 200", "8:0 default");
	check("io.bfq.weight", "100\n", "200", "100");
	check("net_prio.ifpriomap", "lo 0\neth0 3\n", "eth0 5", "eth0 3");
	check("rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n", "mlx4_0 hca_handle=9",
	      "mlx4_0 hca_handle=2 hca_object=max");
	check("misc.max", "res_a max\nres_b 4\n", "res_b 9", "res_b 4");
}

static void controllers_that_are_passed_on(void **state)
{
	(void)state;
	check("cgroup.subtree_control", "cpu memory\n", "+memory +io -cpu", "+memory -io +cpu");
	check("cgroup.subtree_control", "\n", "+cpu", "-cpu");
	check("cgroup.subtree_control", "cpuset\n", "+cpu", "-cpu");
}

static void the_file_that_is_there_is_remembered(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "io.bfq.weight" },
				      .value = (char[]){ "500" },
				      .alternative_file = (char[]){ "io.weight" },
				      .alternative_value = (char[]){ "8:0 4950" } };
	const struct cgroup_plan plan = plan_of(&write);
	struct cgroup_undo undo;
	struct error err = { 0 };

	(void)state;
	put("io.weight", "default 100\n8:0 7\n");
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	assert_int_equal(undo.n, 1);
	assert_string_equal(undo.v[0].file, "io.weight");
	assert_string_equal(undo.v[0].value, "8:0 7");
	cgroup_undo_finish(&undo);
	take("io.weight");
	/* Neither: nothing to undo. */
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	assert_int_equal(undo.n, 0);
	cgroup_restore(&undo, &err);
	assert_string_equal(err.msg, "");
	cgroup_undo_finish(&undo);
}

/* As linux.resources.unified may have it: {"cpu.idle": "1\n0\n1"}. */
static void a_file_may_be_written_many_times(void **state)
{
	char file[] = "cpu.idle", value[] = "1";
	struct cgroup_write writes[9];
	struct cgroup_plan plan = plan_of(writes);
	struct cgroup_undo undo;
	struct error err = { 0 };

	(void)state;
	plan.n_writes = sizeof writes / sizeof *writes;
	for (size_t i = 0; i < plan.n_writes; i++)
		writes[i] = (struct cgroup_write){ .file = file, .value = value };
	put("cpu.idle", "0\n");
	put("cpu.shares", "512\n");
	put("cpu.weight", "20\n");
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	assert_int_equal(undo.n, 3 * plan.n_writes);
	put("cpu.idle", "1\n");
	put("cpu.shares", "3\n");
	put("cpu.weight", "0\n");
	cgroup_restore(&undo, &err);
	check_file(folder, "cpu.shares", "512");
	check_file(folder, "cpu.weight", "20");
	cgroup_undo_finish(&undo);
	take("cpu.idle");
	take("cpu.shares");
	take("cpu.weight");
}

/* Some kernels do not give an empty cpuset back to a group with processes: what it had all the same is as good. */
static void an_equivalent_value_will_do(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "cpuset.cpus" }, .value = (char[]){ "0" } };
	const struct cgroup_plan plan = plan_of(&write);
	struct cgroup_undo undo;
	struct error err = { 0 };

	(void)state;
	put("cpuset.cpus", "\n");
	put("cpuset.cpus.effective", "0-3\n");
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	assert_string_equal(undo.v[0].equivalent, "0-3");
	put("cpuset.cpus", "0-3\n");
	cgroup_restore(&undo, &err);
	check_file(folder, "cpuset.cpus", "0-3");
	assert_string_equal(err.msg, "");
	cgroup_undo_finish(&undo);
	take("cpuset.cpus");
	take("cpuset.cpus.effective");
}

/* Plain files are not cut by a write: a shorter value leaves the end of the longer one. */
static void what_cannot_be_restored_is_named(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "pids.max" },
				      .value = (char[]){ "12345" } };
	const struct cgroup_plan plan = plan_of(&write);
	struct cgroup_undo undo;
	struct error err = { 0 };

	(void)state;
	put("pids.max", "max\n");
	assert_int_equal(cgroup_remember(&plan, &undo, &err), 0);
	put("pids.max", "12345\n");
	error_set(&err, EINVAL, "the reason");
	cgroup_restore(&undo, &err);
	assert_string_equal(err.msg,
			    "the reason; pids.max, which was 'max', could not be restored");
	cgroup_undo_finish(&undo);
	take("pids.max");
}

static void restore_after(struct box *box, struct resources *resources)
{
	OWNED(cgroup_undo_finish) struct cgroup_undo undo;
	struct cgroup_plan update;
	struct error err = { 0 };

	if (cgroup_plan_update(resources, &box->directories, &update, &err) ||
	    cgroup_remember(&update, &undo, &err) || cgroup_write_all(&update, &err))
		fail_msg("%s", err.msg);
	cgroup_restore(&undo, &err);
	assert_string_equal(err.msg, "");
	cgroup_plan_finish(&update);
}

static void check_as_made(const struct box *box)
{
	check_file(box_directory(box, "memory"), "memory.limit_in_bytes", "67108864");
	check_file(box_directory(box, "memory"), "memory.memsw.limit_in_bytes", "134217728");
	check_file(box_directory(box, "cpu"), "cpu.shares", "512");
	check_file(box_directory(box, "cpu"), "cpu.cfs_period_us", "100000");
	check_file(box_directory(box, "cpu"), "cpu.cfs_quota_us", "50000");
	check_file(box_directory(box, "cpu"), "cpu.idle", "0");
	check_file(box_directory(box, "pids"), "pids.max", "20");
}

static void limits_go_back_in_an_order_that_the_kernel_takes(void **state)
{
	struct memory memory = { .limit = SET(67108864), .swap = SET(134217728) };
	struct cpu cpu = { .shares = SET(512), .quota = SET(50000), .period = SET(100000) };
	struct pids pids = { .limit = SET(20) };
	struct box box = { 0 };

	(void)state;
	NEED_V1("memory");
	NEED_V1("cpu");
	NEED_V1("pids");
	plan_host("undo", &(struct resources){ .memory = &memory, .cpu = &cpu, .pids = &pids },
		  &box.plan);
	box_create(&box);
	check_as_made(&box);
	struct memory up = { .limit = SET(268435456), .swap = SET(536870912) },
		      down = { .limit = SET(33554432), .swap = SET(33554432) },
		      away = { .limit = SET(-1) };
	struct cpu other = { .quota = SET(90000), .period = SET(200000), .burst = SET(80000) },
		   idle = { .idle = SET(1) };
	struct pids none = { .limit = SET(0) };
	restore_after(&box, &(struct resources){ .memory = &up, .cpu = &other, .pids = &none });
	check_as_made(&box);
	restore_after(&box, &(struct resources){ .memory = &down, .cpu = &idle });
	check_as_made(&box);
	restore_after(&box, &(struct resources){ .memory = &away });
	check_as_made(&box);
	box_finish(&box);
}

static int setup(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/orun-undo-XXXXXX");
	return mkdtemp(folder) ? host_setup(state) : -1;
}

static int teardown(void **state)
{
	return host_teardown(state) || rmdir(folder) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_one_value),
		cmocka_unit_test(lines_for_devices_and_interfaces),
		cmocka_unit_test(controllers_that_are_passed_on),
		cmocka_unit_test(the_file_that_is_there_is_remembered),
		cmocka_unit_test(a_file_may_be_written_many_times),
		cmocka_unit_test(an_equivalent_value_will_do),
		cmocka_unit_test(what_cannot_be_restored_is_named),
		cmocka_unit_test(limits_go_back_in_an_order_that_the_kernel_takes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
