/* Namespaces, ids, limits and devices. */
#include "tests/unit/conversion.h"

static const char *namespaces(void)
{
	static const char *const names[NAMESPACE_TYPES] = { "pid", "network", "mount",	"ipc",
							    "uts", "user",    "cgroup", "time" };
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		if (config_namespace(converted, (enum namespace_type)type))
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
						 used ? " " : "", names[type]);
	return text;
}

static void a_container_has_namespaces_of_its_own(void **state)
{
	(void)state;
	convert_plain();
	assert_string_equal(namespaces(), "pid network mount ipc uts cgroup");
	options.network = "none";
	convert_plain();
	assert_string_equal(namespaces(), "pid network mount ipc uts cgroup");
}

static void the_network_may_be_anothers(void **state)
{
	(void)state;
	options.network = "host";
	convert_plain();
	assert_string_equal(namespaces(), "pid mount ipc uts cgroup");
	options.network = "/run/netns/x";
	convert_plain();
	assert_string_equal(config_namespace(converted, NAMESPACE_NETWORK)->path, "/run/netns/x");
	options.network = "bridge";
	option_fails("--network 'bridge': expected host, none or an absolute path");
	options.network = "";
	option_fails("--network ''");
}

static void a_network_of_its_own_has_open_ports(void **state)
{
	const char *port = "net.ipv4.ip_unprivileged_port_start",
		   *ping = "net.ipv4.ping_group_range";
	struct id_mapping all = { 0, 100000, 65536 };
	struct id_mapping *mappings[] = { &all, NULL };

	(void)state;
	if (access("/proc/sys/net/ipv4/ping_group_range", F_OK))
		SKIP("this kernel has no IPv4");
	convert_plain();
	assert_string_equal(string_map_get(&converted->linux_->sysctl, port), "0");
	assert_string_equal(string_map_get(&converted->linux_->sysctl, ping), "0 2147483647");
	options.uid_mappings = options.gid_mappings = (struct id_mapping_list){ mappings, 1 };
	convert_plain();
	assert_string_equal(string_map_get(&converted->linux_->sysctl, port), "0");
	assert_null(string_map_get(&converted->linux_->sysctl, ping));
	options.network = "host";
	convert_plain();
	assert_int_equal(converted->linux_->sysctl.n, 0);
	options.network = "/run/netns/x";
	convert_plain();
	assert_int_equal(converted->linux_->sysctl.n, 0);
}

static void devices_are_dockers(void **state)
{
	(void)state;
	convert_plain();
	const struct device_rule_list *rules = &converted->linux_->resources->devices;
	assert_int_equal(rules->n, 7);
	assert_false(rules->v[0]->allow);
	assert_false(rules->v[0]->major.set);
	for (size_t i = 1; i < rules->n; i++) {
		assert_true(rules->v[i]->allow);
		assert_int_equal(rules->v[i]->type, 'c');
		assert_true(rules->v[i]->major.set && rules->v[i]->minor.set);
	}
	assert_null(converted->linux_->resources->memory);
	assert_null(converted->linux_->resources->cpu);
	assert_null(converted->linux_->resources->pids);
	assert_true(converted->process->oom_score_adj.set);
}

static void memory_has_a_unit(void **state)
{
	(void)state;
	options.memory = "512m";
	convert_plain();
	assert_int_equal(converted->linux_->resources->memory->limit.value, 512 << 20);
	assert_int_equal(converted->linux_->resources->memory->swap.value, 1024 << 20);
	options.memory = "1.5g";
	convert_plain();
	assert_int_equal(converted->linux_->resources->memory->limit.value, 1610612736);
	options.memory = "6291456";
	convert_plain();
	options.memory = "6291455";
	option_fails("at least 6m are needed");
	options.memory = "0";
	option_fails("at least 6m");
	options.memory = "-1";
	option_fails("invalid size");
	options.memory = "9223372036854775807";
	option_fails("too much");
}

static void check_cpus(const char *text, int64_t quota)
{
	options.cpus = text;
	convert_plain();
	assert_int_equal(converted->linux_->resources->cpu->quota.value, quota);
	assert_int_equal(converted->linux_->resources->cpu->period.value, 100000);
}

static void cpus_have_decimals(void **state)
{
	static const char *const bad[] = { "",	 ".",	"-1",  "1e3",	       "1.5x",	 "1,5",
					   " 1", "1..", "0x1", "1.0000000000", "9999999" };

	(void)state;
	check_cpus("1.5", 150000);
	check_cpus("2", 200000);
	check_cpus(".5", 50000);
	check_cpus("0.01", 1000);
	check_cpus("1.", 100000);
	check_cpus("0.333333333", 33333);
	check_cpus("999999", INT64_C(99999900000));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		options.cpus = bad[i];
		option_fails("expected a number such as 1.5");
	}
	options.cpus = "0.009";
	option_fails("at least 0.01 are needed");
	options.cpus = "0";
	option_fails("at least 0.01");
}

static void check_pids(const char *text, int64_t limit)
{
	options.pids_limit = text;
	convert_plain();
	assert_int_equal(converted->linux_->resources->pids->limit.value, limit);
}

static void processes_are_counted(void **state)
{
	(void)state;
	check_pids("100", 100);
	check_pids("0", -1);
	check_pids("-1", -1);
	options.pids_limit = "-2";
	option_fails("--pids-limit '-2'");
	options.pids_limit = "many";
	option_fails("--pids-limit 'many'");
}

static void in_a_user_namespace(void **state)
{
	struct id_mapping uid = { 0, 1000, 1 }, gid = { 0, 1001, 1 };
	struct id_mapping *uids[] = { &uid, NULL }, *gids[] = { &gid, NULL };

	(void)state;
	options.rootless = true;
	options.uid_mappings = (struct id_mapping_list){ uids, 1 };
	options.gid_mappings = (struct id_mapping_list){ gids, 1 };
	convert_plain();
	assert_string_equal(namespaces(), "pid network mount ipc uts user cgroup");
	assert_int_equal(converted->linux_->uid_mappings.v[0]->host_id, 1000);
	assert_int_equal(converted->linux_->gid_mappings.v[0]->host_id, 1001);
	assert_null(converted->linux_->resources);
	assert_false(converted->process->oom_score_adj.set);
	options.pids_limit = "10";
	convert_plain();
	assert_int_equal(converted->linux_->resources->pids->limit.value, 10);
	assert_int_equal(converted->linux_->resources->devices.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_container_has_namespaces_of_its_own),
		CASE(the_network_may_be_anothers),
		CASE(a_network_of_its_own_has_open_ports),
		CASE(devices_are_dockers),
		CASE(memory_has_a_unit),
		CASE(cpus_have_decimals),
		CASE(processes_are_counted),
		CASE(in_a_user_namespace),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
