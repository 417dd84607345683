/* The statistics of a directory in the place of resctrl. */
#include "runtime/resctrl.h"

#include "tests/unit/fake_resctrl.h"

static struct error err;
static struct buffer text;

static int make(void **context)
{
	err = (struct error){ 0 };
	text = (struct buffer){ 0 };
	resctrl[0] = '\0';
	if (sandbox_setup(context))
		return -1;
	make_resctrl();
	make_class("gold", "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n");
	return 0;
}

static int forget(void **context)
{
	resctrl[0] = '\0';
	buffer_finish(&text);
	return sandbox_teardown(context);
}

static void make_info(void)
{
	put_directory(resctrl, "info/L3");
	put_file(resctrl, "info/L3/cbm_mask", "7ff\n");
	put_file(resctrl, "info/L3/min_cbm_bits", "1\n");
	put_file(resctrl, "info/L3/num_closids", "16\n");
	put_directory(resctrl, "info/MB");
	put_file(resctrl, "info/MB/bandwidth_gran", "10\n");
	put_file(resctrl, "info/MB/delay_linear", "0\n");
	put_file(resctrl, "info/MB/min_bandwidth", "10\n");
	put_file(resctrl, "info/MB/num_closids", "8\n");
}

static void make_counters(const char *group, const char *domain, const char *total,
			  const char *occupancy)
{
	char name[128];

	snprintf(name, sizeof name, "%s/mon_data", group);
	if (!exists(in_resctrl(name)))
		put_directory(resctrl, name);
	snprintf(name, sizeof name, "%s/mon_data/%s", group, domain);
	put_directory(resctrl, name);
	put_file(in_resctrl(name), "mbm_total_bytes", total);
	put_file(in_resctrl(name), "mbm_local_bytes", "7\n");
	put_file(in_resctrl(name), "llc_occupancy", occupancy);
}

static struct state gold(const char *monitoring)
{
	static char group[256], inner[512];

	snprintf(group, sizeof group, "%s/gold", resctrl);
	snprintf(inner, sizeof inner, "%s/%s", group, monitoring ? monitoring : "");
	return (struct state){ .resctrl_group = group,
			       .resctrl_monitoring = monitoring ? inner : NULL };
}

static void a_container_without_resctrl_has_none(void **context)
{
	(void)context;
	const struct state state = { 0 };

	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_string_equal(text.text, "{}");
}

static void a_processor_without_any_resource_has_schemata_only(void **context)
{
	(void)context;
	const struct state state = gold(NULL);

	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_string_equal(text.text, "{\"schemata\":[\"MB:0= 20;1= 70\",\"L3:0=7f0;1=01f\"]}");
}

static void what_can_be_shared_out_and_what_is(void **context)
{
	(void)context;
	const struct state state = gold(NULL);

	make_info();
	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_string_equal(
		text.text,
		"{\"l3_cache_info\":{\"cbm_mask\":\"7ff\",\"min_cbm_bits\":1,\"num_closids\":16},"
		"\"l3_cache_schema_root\":\"L3:0=7ff;1=7ff\",\"l3_cache_schema\":\"L3:0=7f0;1="
		"01f\","
		"\"mem_bw_info\":{\"bandwidth_gran\":10,\"min_bandwidth\":10,\"num_closids\":8},"
		"\"mem_bw_schema_root\":\"MB:0=100;1= 100\",\"mem_bw_schema\":\"MB:0= 20;1= 70\","
		"\"schemata\":[\"MB:0= 20;1= 70\",\"L3:0=7f0;1=01f\"]}");
}

static void the_default_class_is_its_own_root(void **context)
{
	(void)context;
	const struct state state = { .resctrl_group = resctrl };

	make_info();
	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_non_null(strstr(text.text, "\"l3_cache_schema\":\"L3:0=7ff;1=7ff\""));
}

static void counters_of_the_group_or_of_its_monitoring_group(void **context)
{
	(void)context;
	struct state state = gold(NULL);

	put_directory(resctrl, "info/L3_MON");
	put_file(resctrl, "info/L3_MON/mon_features",
		 "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
	make_counters("gold", "mon_L3_01", "22\n", "2\n");
	make_counters("gold", "mon_L3_00", "11\n", "1\n");
	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_non_null(strstr(text.text,
			       "\"mbm_stats\":[{\"mbm_total_bytes\":11,\"mbm_local_bytes\":7},"
			       "{\"mbm_total_bytes\":22,\"mbm_local_bytes\":7}],"
			       "\"cmt_stats\":[{\"llc_occupancy\":1},{\"llc_occupancy\":2}]}"));

	make_class("gold/mon_groups/box", "");
	make_counters("gold/mon_groups/box", "mon_L3_00", "5\n", "Unavailable\n");
	state = gold("mon_groups/box");
	buffer_finish(&text);
	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_non_null(strstr(text.text,
			       "\"mbm_stats\":[{\"mbm_total_bytes\":5,\"mbm_local_bytes\":7}],"
			       "\"cmt_stats\":[]}"));
}

static void what_is_not_counted_here_is_zero(void **context)
{
	(void)context;
	const struct state state = gold(NULL);

	put_directory(resctrl, "info/L3_MON");
	put_file(resctrl, "info/L3_MON/mon_features", "mbm_total_bytes\n");
	make_counters("gold", "mon_L3_00", "11\n", "1\n");
	SUCCEEDS(resctrl_print_statistics(&state, &text, &err));
	assert_non_null(strstr(text.text,
			       "\"mbm_stats\":[{\"mbm_total_bytes\":11,\"mbm_local_bytes\":0}]}"));
}

static void a_group_that_has_gone_is_an_error(void **context)
{
	(void)context;
	const struct state state = { .resctrl_group = (char *)(uintptr_t)in_resctrl("absent") };

	FAILS(resctrl_print_statistics(&state, &text, &err), ENOENT, "linux.intelRdt: open '");
	assert_null(text.text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, forget)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_container_without_resctrl_has_none),
		CASE(a_processor_without_any_resource_has_schemata_only),
		CASE(what_can_be_shared_out_and_what_is),
		CASE(the_default_class_is_its_own_root),
		CASE(counters_of_the_group_or_of_its_monitoring_group),
		CASE(what_is_not_counted_here_is_zero),
		CASE(a_group_that_has_gone_is_an_error),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
