/* Annotations that become properties of a scope. */
#include "tests/unit/systemd_properties.h"

#include <errno.h>

#define PREFIX "org.systemd.property."

static int add(const char *name, const char *value, struct systemd_scope *scope, struct error *err)
{
	owned_string key = text_format(PREFIX "%s", name);
	struct string_pair pair = { key, (char *)value };
	const struct string_map annotations = { &pair, 1 };

	*scope = (struct systemd_scope){ 0 };
	return systemd_scope_add_annotations(scope, &annotations, err);
}

static void values_are_read_in_their_format(void **state)
{
	static const struct {
		const char *name, *value, *expected;
	} cases[] = {
		{ "TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec:t=123456789" },
		{ "TimeoutStopUSec", "10", "TimeoutStopUSec:t=10" },
		{ "TimeoutStopUSec", "@t 10", "TimeoutStopUSec:t=10" },
		{ "TimeoutStopUSec", " uint64  18446744073709551615 ",
		  "TimeoutStopUSec:t=18446744073709551615" },
		{ "TimeoutStopSec", "5", "TimeoutStopUSec:t=5000000" },
		{ "TimeoutStopSec", "uint32 5", "TimeoutStopUSec:t=5000000" },
		{ "TimeoutStopSec", "1.5", "TimeoutStopUSec:t=1500000" },
		{ "RuntimeMaxSec", "0", "RuntimeMaxUSec:t=0" },
		{ "CPUQuotaPerSecUSec", "uint64 500000", "CPUQuotaPerSecUSec:t=500000" },
		{ "CollectMode", "'inactive-or-failed'", "CollectMode:s=inactive-or-failed" },
		{ "CollectMode", "\"inactive\"", "CollectMode:s=inactive" },
		{ "Description", "'it\\'s a \\\\ \"box\"'", "Description:s=it's a \\ \"box\"" },
		{ "Description", "''", "Description:s=" },
		{ "KillSignal", "15", "KillSignal:i=15" },
		{ "KillSignal", "int32 0x9", "KillSignal:i=9" },
		{ "DefaultDependencies", "true", "DefaultDependencies:b=true" },
		{ "SendSIGHUP", " false ", "SendSIGHUP:b=false" },
		{ "After", "['crio.service']", "After:as=crio.service" },
		{ "Before", "[ 'a.service' , \"b.service\" ]", "Before:as=a.service b.service" },
		{ "After", "@as []", "After:as=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct systemd_scope scope;
		struct error err = { 0 };
		if (add(cases[i].name, cases[i].value, &scope, &err))
			fail_msg("%s: %s", cases[i].name, err.msg);
		assert_string_equal(printed(&scope.properties), cases[i].expected);
		systemd_properties_finish(&scope.properties);
	}
}

static void values_of_other_types_are_refused(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "TimeoutStopUSec", "" },
		{ "TimeoutStopUSec", "'5'" },
		{ "TimeoutStopUSec", "-5" },
		{ "TimeoutStopUSec", "uint64 -5" },
		{ "TimeoutStopUSec", "1.5" },
		{ "TimeoutStopUSec", "5 6" },
		{ "TimeoutStopUSec", "uint64" },
		{ "TimeoutStopUSec", "18446744073709551616" },
		{ "TimeoutStopSec", "18446744073709"
				    "552" },
		{ "TimeoutStopSec", "1e300" },
		{ "TimeoutStopSec", "1.5e300" },
		{ "TimeoutStopSec", "1.inf" },
		{ "KillSignal", "4294967296" },
		{ "KillSignal", "true" },
		{ "CollectMode", "inactive" },
		{ "CollectMode", "'inactive" },
		{ "CollectMode", "'inactive' 'x'" },
		{ "CollectMode", "'a\\" },
		{ "Description", "'two\nlines'" },
		{ "Description", "'tab\tbed'" },
		{ "DefaultDependencies", "yes" },
		{ "DefaultDependencies", "true false" },
		{ "After", "'a.service'" },
		{ "After", "['a.service'" },
		{ "After", "['a.service' 'b.service']" },
		{ "After", "['a.service']]" },
		{ "After", "[1]" },
		{ "After", "[" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct systemd_scope scope;
		struct error err = { 0 };
		if (add(cases[i].name, cases[i].value, &scope, &err) == 0)
			fail_msg("%s: %s is taken as %s", cases[i].name, cases[i].value,
				 printed(&scope.properties));
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, cases[i].name));
		systemd_properties_finish(&scope.properties);
	}
}

/* What starts, stops or runs something, or takes the scope away from us. */
static void dangerous_properties_are_refused(void **state)
{
	static const char *const names[] = {
		"ExecStart",
		"ExecStop",
		"OnFailure",
		"OnSuccess",
		"Requires",
		"Wants",
		"BindsTo",
		"Conflicts",
		"PropagatesStopTo",
		"SuccessAction",
		"FailureAction",
		"JobTimeoutAction",
		"Slice",
		"PIDs",
		"Delegate",
		"DevicePolicy",
		"DeviceAllow",
		"Controller",
		"KillMode",
		"BPFProgram",
		"UpholdsBy",
		"",
		"Sec",
		"After\tx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct systemd_scope scope;
		struct error err = { 0 };
		assert_int_equal(add(names[i], "['a.service']", &scope, &err), -1);
		assert_int_equal(err.code, EPERM);
		owned_string words =
			text_format("annotations['" PREFIX "%s']: systemd property", names[i]);
		if (!strstr(err.msg, words))
			fail_msg("%s: %s", names[i], err.msg);
		systemd_properties_finish(&scope.properties);
	}
}

static void other_annotations_are_nothing(void **state)
{
	struct string_pair pairs[] = { { (char *)"org.systemd.propertyAfter", (char *)"x" },
				       { (char *)"io.container", (char *)"x" } };
	const struct string_map annotations = { pairs, 2 };
	struct systemd_scope scope = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(systemd_scope_add_annotations(&scope, &annotations, &err), 0);
	assert_int_equal(scope.properties.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_in_their_format),
		cmocka_unit_test(values_of_other_types_are_refused),
		cmocka_unit_test(dangerous_properties_are_refused),
		cmocka_unit_test(other_annotations_are_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
