/* The names of mounts that come from the host: the same from both sides, and never outside the rootfs. */
#include "runtime/external_mounts.h"

#include "tests/unit/sandbox.h"

static struct error err;
static int root = -1;

static void is_at(const char *destination, const char *place)
{
	err = (struct error){ 0 };
	char *found = external_mount_place(root, destination, &err);

	assert_string_equal(err.msg, "");
	assert_string_equal(found, place);
	free(found);
}

static int make_root(void **state)
{
	if (sandbox_setup(state))
		return -1;
	root = open_new_folder("root");
	make_folder(in_sandbox("root/data"));
	make_text(in_sandbox("root/file"), "");
	make_link("/data", in_sandbox("root/absolute"));
	make_link("../../../../data", in_sandbox("root/climbing"));
	make_link("/absent", in_sandbox("root/dangling"));
	return root < 0 ? -1 : 0;
}

static void what_is_there_is_named_without_its_links(void **state)
{
	(void)state;
	is_at("/data", "/data");
	is_at("data/", "/data");
	is_at("//data/./", "/data");
	is_at("/file", "/file");
	is_at("/absolute", "/data");
	is_at("/climbing", "/data");
	is_at("/data/../../../file", "/file");
}

static void what_is_missing_keeps_its_name(void **state)
{
	(void)state;
	is_at("/new", "/new");
	is_at("/absolute/new/deep/", "/data/new/deep");
	is_at("/new/./deep", "/new/deep");
	is_at("/dangling", "/dangling");
	is_at("/file/below", "/file/below");
}

static void what_has_no_place_is_an_error(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	assert_null(external_mount_place(root, "/new/../data", &err));
	assert_non_null(strstr(err.msg, "'..' behind a missing directory"));
	err = (struct error){ 0 };
	assert_null(external_mount_place(root, "/", &err));
	assert_non_null(strstr(err.msg, "is the root itself"));
}

/* The pairs of the options, "KEY=VALUE" each. */
static bool has_pair(const struct criu_options *options, const char *key, const char *value)
{
	for (size_t i = 0; i < options->ext_mnt.n; i++)
		if (text_equal(options->ext_mnt.v[i]->key, key) &&
		    text_equal(options->ext_mnt.v[i]->val, value))
			return true;
	print_error("no pair %s, %s\n", key, value);
	return false;
}

static const char json[] =
	"{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, \"mounts\": ["
	"{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
	"{\"destination\": \"/absolute/x\", \"type\": \"bind\", \"source\": \"relative\"},"
	"{\"destination\": \"/file\", \"source\": \"/etc/file\", \"options\": [\"rbind\"]},"
	"{\"destination\": \"/file\", \"source\": \"/etc/file\", \"options\": [\"bind\", "
	"\"remount\"]}],"
	"\"linux\": {\"maskedPaths\": [\"/file\", \"/data\", \"/absent\"], \"namespaces\": ["
	"{\"type\": \"mount\"}%s]%s}}";

static struct config *config_with(const char *namespaces, const char *more)
{
	char text[2048];
	struct problems problems = { 0 };
	int length = snprintf(text, sizeof text, json, namespaces, more);
	struct config *config = config_parse(text, (size_t)length, &problems);

	if (!config)
		print_error("%s\n", problems.list.v[0]);
	assert_non_null(config);
	problems_finish(&problems);
	return config;
}

static void both_sides_give_the_same_names(void **state)
{
	struct config *config = config_with("", "");
	struct criu_options *dump = calloc(1, sizeof *dump);
	struct criu_options *restore = calloc(1, sizeof *restore);
	const struct string_list no_groups = { 0 };

	(void)state;
	SUCCEEDS(external_mounts_dump(config, root, in_sandbox("root"), &no_groups, dump, &err));
	assert_int_equal(dump->ext_mnt.n, 3);
	assert_true(has_pair(dump, "/data/x", "/data/x"));
	assert_true(has_pair(dump, "/file", "/file"));
	assert_true(has_pair(dump, "/file", "/dev/null"));
	SUCCEEDS(external_mounts_restore(config, "/bundle", in_sandbox("root"), &no_groups, restore,
					 &err));
	assert_int_equal(restore->ext_mnt.n, 3);
	assert_true(has_pair(restore, "/data/x", "/bundle/relative"));
	assert_true(has_pair(restore, "/file", "/etc/file"));
	assert_true(has_pair(restore, "/dev/null", "/dev/null"));
	protobuf_free(&criu_options_type, dump);
	protobuf_free(&criu_options_type, restore);
	config_free(config);
}

static void devices_are_mounts_in_a_user_namespace_only(void **state)
{
	struct config *config = config_with(
		", {\"type\": \"user\"}",
		", \"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}],"
		"\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}],"
		"\"devices\": [{\"path\": \"/dev/fuse\", \"type\": \"c\", \"major\": 10, "
		"\"minor\": 229}]");
	struct criu_options *options = calloc(1, sizeof *options);
	const struct string_list no_groups = { 0 };

	(void)state;
	SUCCEEDS(external_mounts_restore(config, "/bundle", in_sandbox("root"), &no_groups, options,
					 &err));
	assert_int_equal(options->ext_mnt.n, 3 + 6 + 1);
	assert_true(has_pair(options, "/dev/urandom", "/dev/urandom"));
	assert_true(has_pair(options, "/dev/fuse", "/dev/fuse"));
	protobuf_free(&criu_options_type, options);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_named_without_its_links),
		cmocka_unit_test(what_is_missing_keeps_its_name),
		cmocka_unit_test(what_has_no_place_is_an_error),
		cmocka_unit_test(both_sides_give_the_same_names),
		cmocka_unit_test(devices_are_mounts_in_a_user_namespace_only),
	};

	return cmocka_run_group_tests(tests, make_root, sandbox_teardown);
}
