/* What is mounted: Docker's mounts, the caller's over them, and the image's volumes. */
#include "tests/unit/conversion.h"

static const struct mount *mounted(const char *destination)
{
	const struct mount *found = NULL;

	for (size_t i = 0; i < converted->mounts.n; i++)
		if (strcmp(converted->mounts.v[i]->destination, destination) == 0) {
			assert_null(found);
			found = converted->mounts.v[i];
		}
	return found;
}

static size_t position(const char *destination)
{
	for (size_t i = 0; i < converted->mounts.n; i++)
		if (strcmp(converted->mounts.v[i]->destination, destination) == 0)
			return i;
	fail_msg("nothing is mounted on %s", destination);
	return 0;
}

static void assert_mount(const char *destination, const char *type, const char *source,
			 const char *expected)
{
	const struct mount *mount = mounted(destination);

	assert_non_null(mount);
	assert_string_equal(mount->type, type);
	assert_string_equal(mount->source, source);
	assert_words(&mount->options, expected);
}

static void every_container_has_these(void **state)
{
	(void)state;
	convert_plain();
	assert_int_equal(converted->mounts.n, 7);
	assert_mount("/proc", "proc", "proc", "nosuid noexec nodev");
	assert_mount("/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k");
	assert_mount("/dev/pts", "devpts", "devpts",
		     "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5");
	assert_mount("/sys", "sysfs", "sysfs", "nosuid noexec nodev ro");
	assert_mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro nosuid noexec nodev");
	assert_mount("/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev");
	assert_mount("/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k");
	assert_true(position("/dev") < position("/dev/pts"));
	assert_true(position("/sys") < position("/sys/fs/cgroup"));
	assert_false(converted->root->readonly);
}

static void volumes_are_bind_mounts(void **state)
{
	(void)state;
	options.volumes = WORDS("/a:/b", "/c:/d:ro", "/e:/f:rw,shared",
				"/g:/h:ro,rslave,cached,nocopy", "/etc/x:/y//z/./");
	convert_plain();
	assert_mount("/b", "bind", "/a", "rbind rprivate");
	assert_mount("/d", "bind", "/c", "rbind ro rprivate");
	assert_mount("/f", "bind", "/e", "rbind rw shared");
	assert_mount("/h", "bind", "/g", "rbind ro rslave");
	assert_mount("/y/z", "bind", "/etc/x", "rbind rprivate");
	assert_int_equal(notices.n, 0);
	options.volumes = WORDS("/a:/b:z", "/c:/d:ro,Z");
	convert_plain();
	assert_mount("/d", "bind", "/c", "rbind ro rprivate");
	assert_int_equal(notices.n, 2);
	assert_non_null(strstr(notices.v[1], "SELinux"));
}

static void what_is_no_volume(void **state)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{ "/a", "expected SOURCE:DESTINATION" },
		{ "/a:/b:ro:x", "expected SOURCE:DESTINATION" },
		{ "name:/b", "there are no named volumes" },
		{ "./a:/b", "'./a' is not an absolute path" },
		{ ":/b", "is not an absolute path" },
		{ "/a:b", "'b' is not an absolute path" },
		{ "/a:", "is not an absolute path" },
		{ "/a:/", "nothing can be mounted over the root" },
		{ "/a:/./", "nothing can be mounted over the root" },
		{ "/a:/b/../..", "'..' in the path" },
		{ "/a:/b:rx", "unknown option 'rx'" },
		{ "/a:/b:ro,", NULL },
		{ "/a:/b:rprivate,bogus", "unknown option 'bogus'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		options.volumes = WORDS(cases[i].value);
		if (cases[i].text)
			option_fails(cases[i].text);
		else
			convert_plain();
	}
	options.volumes = WORDS("/a:/b", "/c:/b/");
	option_fails("something is mounted on /b/ already");
}

static void a_tmpfs_has_nothing_but_files(void **state)
{
	(void)state;
	options.tmpfs = WORDS("/t", "/u:size=64m,mode=1777,exec");
	convert_plain();
	assert_mount("/t", "tmpfs", "tmpfs", "noexec nosuid nodev");
	assert_mount("/u", "tmpfs", "tmpfs", "noexec nosuid nodev size=64m mode=1777 exec");
	options.tmpfs = WORDS("t");
	option_fails("--tmpfs 't': 't' is not an absolute path");
	options.tmpfs = WORDS("/t:bind");
	option_fails("unknown option 'bind'");
	options.tmpfs = WORDS("/t:sizes=1");
	option_fails("unknown option 'sizes=1'");
	options.tmpfs = WORDS("/t:/../x");
	option_fails("unknown option");
}

static void mounts_of_the_caller_replace_default_ones(void **state)
{
	(void)state;
	options.volumes = WORDS("/x:/dev/shm");
	convert_plain();
	assert_int_equal(converted->mounts.n, 7);
	assert_mount("/dev/shm", "bind", "/x", "rbind rprivate");
	options.volumes = WORDS("/dev:/dev");
	convert_plain();
	assert_mount("/dev", "bind", "/dev", "rbind rprivate");
	assert_null(mounted("/dev/pts"));
	assert_null(mounted("/dev/shm"));
	assert_non_null(mounted("/proc"));
	options.volumes = WORDS("/x:/device");
	convert_plain();
	assert_non_null(mounted("/dev/pts"));
}

static void parents_come_before_what_is_in_them(void **state)
{
	(void)state;
	options.tmpfs = WORDS("/a/b");
	options.volumes =
		(struct string_list){ (char *[]){ "/1:/a/b/c", "/2:/z", "/3:/a", NULL }, 3 };
	convert_plain();
	assert_true(position("/a") < position("/a/b"));
	assert_true(position("/a/b") < position("/a/b/c"));
	assert_true(position("/z") < position("/a"));
	assert_true(position("/dev/shm") < position("/z"));
}

static void volumes_of_the_image_are_directories(void **state)
{
	(void)state;
	convert("\"Cmd\": [\"/x\"], \"Volumes\": {\"/data\": {}}");
	assert_int_equal(converted->mounts.n, 7);
}

static void with_a_read_only_root_they_can_be_written(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(image_root, "data", 0700), 0);
	assert_int_equal(fchmodat(image_root, "data", 01750, 0), 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(image_root, "data", 1000, 1001, 0), 0);
	options.read_only = true;
	options.tmpfs = WORDS("/mine");
	convert("\"Cmd\": [\"/x\"],"
		"\"Volumes\": {\"/data/\": {}, \"new\": {}, \"/mine\": {}, \"/data/sub\": {}}");
	assert_true(converted->root->readonly);
	if (geteuid() == 0)
		assert_mount("/data", "tmpfs", "tmpfs",
			     "nosuid nodev tmpcopyup mode=1750 uid=1000 gid=1001");
	assert_mount("/new", "tmpfs", "tmpfs", "nosuid nodev tmpcopyup mode=0755 uid=0 gid=0");
	assert_mount("/mine", "tmpfs", "tmpfs", "noexec nosuid nodev");
	assert_true(position("/data") < position("/data/sub"));
	options.owners_recorded = true;
	convert("\"Cmd\": [\"/x\"], \"Volumes\": {\"/data\": {}}");
	assert_mount("/data", "tmpfs", "tmpfs", "nosuid nodev tmpcopyup mode=1750 uid=0 gid=0");
}

static void some_volumes_cannot_be(void **state)
{
	static const char *const paths[] = {
		"/",	"//.",	     "/proc",	      "/proc/sys", "/sys/fs/cgroup",
		"/dev", "dev/shm/x", "/data/../proc", "/..",	   "//proc"
	};

	(void)state;
	options.read_only = true;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char *config =
			text_format("\"Cmd\": [\"/x\"], \"Volumes\": {\"%s\": {}}", paths[i]);

		convert(config);
		free(config);
		assert_int_equal(converted->mounts.n, 7);
		assert_int_equal(notices.n, 1);
		assert_non_null(strstr(notices.v[0], "is left out"));
	}
	convert("\"Cmd\": [\"/x\"], \"Volumes\": {\"/process\": {}, \"/a..b\": {}}");
	assert_int_equal(notices.n, 0);
	convert_fails("\"Cmd\": [\"/x\"], \"Volumes\": {\"/a\\nb\": {}}", "control character");
}

static int remember(void *context, const char *path, struct error *err)
{
	(void)err;
	return string_list_add(context, path);
}

static void directories_to_make(void **state)
{
	struct problems problems = { 0 };
	struct error err = { 0 };
	struct string_list paths = { 0 };
	static const char text[] =
		"{\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"Cmd\": [\"/x\"],"
		"\"Volumes\": {\"/data\": {}, \"/proc/x\": {}, \"rel\": {}}, \"WorkingDir\": "
		"\"w\"},"
		"\"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}}";
	struct image_config *image = table_parse(&image_config_type, text, strlen(text), &problems);

	(void)state;
	converted = convert_image(image, &options, image_root, &notices, &conversion_error);
	assert_non_null(converted);
	SUCCEEDS(convert_directories(image, converted, remember, &paths, &err));
	assert_words(&paths, "/data /rel /w");
	string_list_finish(&paths);
	table_free(&image_config_type, image);
}

static void the_hosts_network_comes_with_its_names(void **state)
{
	(void)state;
	options.network = "host";
	convert_plain();
	if (access("/etc/hosts", R_OK) == 0)
		assert_mount("/etc/hosts", "bind", "/etc/hosts", "bind ro rprivate");
	if (access("/etc/resolv.conf", R_OK) == 0)
		assert_mount("/etc/resolv.conf", "bind", "/etc/resolv.conf", "bind ro rprivate");
	assert_mount("/sys", "sysfs", "sysfs", "nosuid noexec nodev ro");
	options.volumes = WORDS("/x:/etc");
	convert_plain();
	assert_null(mounted("/etc/hosts"));
	options.volumes = WORDS("/x:/etc/hosts");
	convert_plain();
	assert_mount("/etc/hosts", "bind", "/x", "rbind rprivate");
}

static void in_a_user_namespace(void **state)
{
	struct id_mapping own = { 0, 1000, 1 }, group = { 0, 1000, 1 }, rest = { 1, 100000, 65536 };
	struct id_mapping *uids[] = { &own, NULL }, *gids[] = { &group, NULL, NULL };

	(void)state;
	options.rootless = true;
	options.uid_mappings = (struct id_mapping_list){ uids, 1 };
	options.gid_mappings = (struct id_mapping_list){ gids, 1 };
	convert_plain();
	assert_mount("/dev/pts", "devpts", "devpts",
		     "nosuid noexec newinstance ptmxmode=0666 mode=0620");
	assert_mount("/sys", "sysfs", "sysfs", "nosuid noexec nodev ro");
	assert_null(mounted("/sys/fs/cgroup"));
	options.network = "host";
	convert_plain();
	assert_mount("/sys", "none", "/sys", "rbind nosuid noexec nodev ro");
	gids[1] = &rest;
	options.gid_mappings.n = 2;
	convert_plain();
	assert_mount("/dev/pts", "devpts", "devpts",
		     "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_container_has_these),
		CASE(volumes_are_bind_mounts),
		CASE(what_is_no_volume),
		CASE(a_tmpfs_has_nothing_but_files),
		CASE(mounts_of_the_caller_replace_default_ones),
		CASE(parents_come_before_what_is_in_them),
		CASE(volumes_of_the_image_are_directories),
		CASE(with_a_read_only_root_they_can_be_written),
		CASE(some_volumes_cannot_be),
		CASE(directories_to_make),
		CASE(the_hosts_network_comes_with_its_names),
		CASE(in_a_user_namespace),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
