/* Values of linux.resources that must not reach a kernel file. */
#include "runtime/cgroup/fields.h"
#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static void lists_of_cpus_are_one_word(void **state)
{
	struct cpu cpus = { .cpus = (char[]){ "0\n1" } }, mems = { .mems = (char[]){ "0 1" } };

	(void)state;
	check_refusal(&hybrid_host, &(struct resources){ .cpu = &cpus },
		      "linux.resources.cpu.cpus: '0\n1' has a blank in it");
	check_refusal(&v2_host, &(struct resources){ .cpu = &mems },
		      "linux.resources.cpu.mems: '0 1' has a blank in it");
}

static void a_page_size_is_no_path(void **state)
{
	static const char *const sizes[] = { "../x", "2MB/", "2mb", "2.MB",
					     "22222222222222222222222222222222222MB" };
	char message[200];

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct hugepage_limit limit = { (char *)sizes[i], 1 };
		struct hugepage_limit *limits[] = { &limit };
		snprintf(message, sizeof message,
			 "linux.resources.hugepageLimits[0]: '%s' is not a page size such as 2MB",
			 sizes[i]);
		check_refusal(&v2_host, &(struct resources){ .hugepage_limits = { limits, 1 } },
			      message);
	}
}

static void names_of_devices_are_one_word(void **state)
{
	struct rdma device = { (char[]){ "a b" }, SET(1), { 0 } };
	struct rdma *devices[] = { &device };
	struct interface_priority eth = { (char[]){ "eth0\tx" }, 5 }, none = { (char[]){ "" }, 5 };
	struct interface_priority *one[] = { &eth }, *two[] = { &none };
	struct network network = { .priorities = { one, 1 } },
		       nameless = { .priorities = { two, 1 } };

	(void)state;
	check_refusal(&v2_host, &(struct resources){ .rdma = { devices, 1 } },
		      "linux.resources.rdma[0]: 'a b' has a blank in it");
	check_refusal(&v1_host, &(struct resources){ .network = &network },
		      "linux.resources.network.priorities[0]: 'eth0\tx' has a blank in it");
	check_refusal(&v1_host, &(struct resources){ .network = &nameless },
		      "linux.resources.network.priorities[0]: the interface has no name");
}

static void an_rdma_device_without_a_limit_writes_nothing(void **state)
{
	struct rdma device = { (char[]){ "mlx" }, { 0 }, { 0 } };
	struct rdma *devices[] = { &device };

	(void)state;
	check_writes(&v2_host, &(struct resources){ .rdma = { devices, 1 } }, "");
}

static enum cgroup_conversion convert_cpu(struct cpu cpu, struct cgroup_value *value)
{
	struct error err = { 0 };

	return cgroup_cpu_burst(&(struct resources){ .cpu = &cpu }, 0, value, &err);
}

/* A burst of 0 is what every kernel does, with and without the file. */
static void a_burst_of_zero_may_lack_its_file(void **state)
{
	struct cgroup_value none = { 0 }, zero = { 0 }, some = { 0 };

	(void)state;
	assert_int_equal(convert_cpu((struct cpu){ 0 }, &none), CGROUP_NOTHING);
	assert_int_equal(convert_cpu((struct cpu){ .burst = SET(0) }, &zero), CGROUP_VALUE);
	assert_int_equal(convert_cpu((struct cpu){ .burst = SET(9) }, &some), CGROUP_VALUE);
	assert_string_equal(zero.text.text, "0");
	assert_int_equal(zero.tolerance, CGROUP_MAY_LACK);
	assert_int_equal(some.tolerance, CGROUP_STRICT);
	cgroup_value_finish(&zero);
	cgroup_value_finish(&some);
}

static void every_line_of_the_tables_is_complete(void **state)
{
	const struct cgroup_driver *drivers[] = { &cgroup_v1_driver, &cgroup_v2_driver };

	(void)state;
	for (size_t d = 0; d < 2; d++) {
		for (size_t i = 0; i < drivers[d]->n_fields; i++) {
			const struct cgroup_field *field = &drivers[d]->fields[i];
			assert_non_null(field->convert);
			assert_non_null(field->controller);
			assert_int_equal(strstr(field->path, "[%zu]") != NULL,
					 field->count != NULL);
			assert_true(field->file || drivers[d]->version == 2);
			if (field->file)
				assert_memory_equal(field->file, field->controller,
						    strlen(field->controller));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_cpus_are_one_word),
		cmocka_unit_test(a_page_size_is_no_path),
		cmocka_unit_test(names_of_devices_are_one_word),
		cmocka_unit_test(an_rdma_device_without_a_limit_writes_nothing),
		cmocka_unit_test(a_burst_of_zero_may_lack_its_file),
		cmocka_unit_test(every_line_of_the_tables_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
