/* Mount options: every word of config.md's table, order, what goes to the file system. */
#include "runtime/mount_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "spec/base/sys.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* @text: options separated by blanks. */
static struct mount_options parse(const char *text)
{
	struct string_list list = { 0 };
	struct mount_options options;
	struct error err = { 0 };
	char copy[256], *rest = NULL;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		assert_int_equal(string_list_add(&list, word), 0);
	assert_int_equal(mount_options_parse(&list, &options, &err), 0);
	string_list_finish(&list);
	return options;
}

static void assert_data(const struct mount_options *options, const char *expected)
{
	struct buffer joined = { 0 };

	buffer_print(&joined, "%s", "");
	for (size_t i = 0; i < options->data.n; i++)
		buffer_print(&joined, "%s%s", i ? "," : "", options->data.v[i]);
	assert_string_equal(joined.text, expected);
	buffer_finish(&joined);
}

#define ATIME MOUNT_ATTR__ATIME

static void words_set_the_attributes_of_the_mount(void **state)
{
	static const struct {
		const char *text;
		uint64_t set, clear, recursive_set, recursive_clear;
	} cases[] = {
		{ "ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
		{ "rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
		{ "suid", 0, MOUNT_ATTR_NOSUID, 0, 0 },
		{ "nosuid", MOUNT_ATTR_NOSUID, 0, 0, 0 },
		{ "dev", 0, MOUNT_ATTR_NODEV, 0, 0 },
		{ "nodev", MOUNT_ATTR_NODEV, 0, 0, 0 },
		{ "exec", 0, MOUNT_ATTR_NOEXEC, 0, 0 },
		{ "noexec", MOUNT_ATTR_NOEXEC, 0, 0, 0 },
		{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0 },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0 },
		{ "diratime", 0, MOUNT_ATTR_NODIRATIME, 0, 0 },
		{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, 0 },
		{ "rro", 0, 0, MOUNT_ATTR_RDONLY, 0 },
		{ "rrw", 0, 0, 0, MOUNT_ATTR_RDONLY },
		{ "rsuid", 0, 0, 0, MOUNT_ATTR_NOSUID },
		{ "rnosuid", 0, 0, MOUNT_ATTR_NOSUID, 0 },
		{ "rdev", 0, 0, 0, MOUNT_ATTR_NODEV },
		{ "rnodev", 0, 0, MOUNT_ATTR_NODEV, 0 },
		{ "rexec", 0, 0, 0, MOUNT_ATTR_NOEXEC },
		{ "rnoexec", 0, 0, MOUNT_ATTR_NOEXEC, 0 },
		{ "rsymfollow", 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
		{ "rnosymfollow", 0, 0, MOUNT_ATTR_NOSYMFOLLOW, 0 },
		{ "rdiratime", 0, 0, 0, MOUNT_ATTR_NODIRATIME },
		{ "rnodiratime", 0, 0, MOUNT_ATTR_NODIRATIME, 0 },
		/* Access time: a field. */
		{ "noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "relatime", MOUNT_ATTR_RELATIME, ATIME, 0, 0 },
		{ "atime", 0, ATIME, 0, 0 },
		{ "norelatime", 0, ATIME, 0, 0 },
		{ "nostrictatime", 0, ATIME, 0, 0 },
		{ "noatime strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "strictatime noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "noatime relatime", 0, ATIME, 0, 0 },
		{ "noatime atime", 0, ATIME, 0, 0 },
		{ "strictatime nostrictatime", 0, ATIME, 0, 0 },
		{ "strictatime atime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "noatime norelatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "noatime nodiratime", MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME, ATIME, 0, 0 },
		{ "rnoatime", 0, 0, MOUNT_ATTR_NOATIME, ATIME },
		{ "ratime", 0, 0, 0, ATIME },
		{ "rrelatime", 0, 0, 0, ATIME },
		{ "rnorelatime", 0, 0, 0, ATIME },
		{ "rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME },
		{ "rnostrictatime", 0, 0, 0, ATIME },
		{ "noatime rstrictatime", MOUNT_ATTR_NOATIME, ATIME, MOUNT_ATTR_STRICTATIME,
		  ATIME },
		/* What mount(8) makes of who may mount. */
		{ "user", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0, 0 },
		{ "users", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0, 0 },
		{ "owner", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0 },
		{ "group", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0 },
		{ "user exec", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, 0, 0 },
		{ "defaults nouser nousers noowner nogroup auto noauto nofail _netdev", 0, 0, 0,
		  0 },
		{ "ro defaults", MOUNT_ATTR_RDONLY, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mount_options options = parse(cases[i].text);

		if (options.set != cases[i].set || options.clear != cases[i].clear ||
		    options.recursive_set != cases[i].recursive_set ||
		    options.recursive_clear != cases[i].recursive_clear)
			fail_msg("%s: set %#jx, clear %#jx, recursive set %#jx, clear %#jx",
				 cases[i].text, (uintmax_t)options.set, (uintmax_t)options.clear,
				 (uintmax_t)options.recursive_set,
				 (uintmax_t)options.recursive_clear);
		assert_data(&options, "");
		mount_options_finish(&options);
	}
}

static void words_set_the_flags_of_the_file_system(void **state)
{
	static const struct {
		const char *text;
		unsigned long set, clear;
	} cases[] = {
		{ "ro", MS_RDONLY, 0 },
		{ "rw", 0, MS_RDONLY },
		{ "ro rw", 0, MS_RDONLY },
		{ "rw ro", MS_RDONLY, 0 },
		{ "rro", 0, 0 },
		{ "sync", MS_SYNCHRONOUS, 0 },
		{ "async", 0, MS_SYNCHRONOUS },
		{ "dirsync", MS_DIRSYNC, 0 },
		{ "lazytime", MS_LAZYTIME, 0 },
		{ "nolazytime", 0, MS_LAZYTIME },
		{ "mand", MS_MANDLOCK, 0 },
		{ "nomand", 0, MS_MANDLOCK },
		{ "iversion", MS_I_VERSION, 0 },
		{ "noiversion", 0, MS_I_VERSION },
		{ "silent", MS_SILENT, 0 },
		{ "loud", 0, MS_SILENT },
		{ "sync dirsync async", MS_DIRSYNC, MS_SYNCHRONOUS },
		{ "nosuid", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mount_options options = parse(cases[i].text);

		if (options.superblock_set != cases[i].set ||
		    options.superblock_clear != cases[i].clear)
			fail_msg("%s: set %#lx, clear %#lx", cases[i].text, options.superblock_set,
				 options.superblock_clear);
		assert_data(&options, "");
		mount_options_finish(&options);
	}
}

static void the_last_propagation_word_counts(void **state)
{
	static const struct {
		const char *text;
		unsigned long flags;
	} cases[] = {
		{ "shared", MS_SHARED },
		{ "rshared", MS_SHARED | MS_REC },
		{ "slave", MS_SLAVE },
		{ "rslave", MS_SLAVE | MS_REC },
		{ "private", MS_PRIVATE },
		{ "rprivate", MS_PRIVATE | MS_REC },
		{ "unbindable", MS_UNBINDABLE },
		{ "runbindable", MS_UNBINDABLE | MS_REC },
		{ "rprivate shared", MS_SHARED },
		{ "ro", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mount_options options = parse(cases[i].text);

		assert_int_equal(options.propagation, cases[i].flags);
		mount_options_finish(&options);
	}
}

static void switches_are_off_until_named(void **state)
{
	struct mount_options options = parse("ro noatime size=1");

	(void)state;
	assert_false(options.bind || options.recursive_bind || options.remount || options.copy_up ||
		     options.idmap || options.idmap_recursive || options.copy_symlink ||
		     options.source_nofollow || options.target_nofollow);
	mount_options_finish(&options);
	options = parse("bind remount tmpcopyup copy-symlink src-nofollow dest-nofollow");
	assert_true(options.bind && options.remount && options.copy_up && options.copy_symlink &&
		    options.source_nofollow && options.target_nofollow);
	assert_false(options.recursive_bind);
	assert_data(&options, "");
	mount_options_finish(&options);
}

static void rbind_is_bind_too_and_stays(void **state)
{
	struct mount_options options = parse("rbind");

	(void)state;
	assert_true(options.bind && options.recursive_bind);
	mount_options_finish(&options);
	options = parse("rbind bind");
	assert_true(options.bind && options.recursive_bind);
	mount_options_finish(&options);
}

static void the_last_of_idmap_and_ridmap_counts(void **state)
{
	struct mount_options options = parse("idmap");

	(void)state;
	assert_true(options.idmap);
	assert_false(options.idmap_recursive);
	mount_options_finish(&options);
	options = parse("idmap ridmap");
	assert_true(options.idmap && options.idmap_recursive);
	mount_options_finish(&options);
	options = parse("ridmap idmap");
	assert_true(options.idmap);
	assert_false(options.idmap_recursive);
	mount_options_finish(&options);
}

static void unknown_words_are_the_file_systems_in_order(void **state)
{
	struct mount_options options =
		parse("size=64m ro mode=755 RO ro,nosuid newinstance user=joe acl");

	(void)state;
	assert_data(&options, "size=64m,mode=755,RO,ro,nosuid,newinstance,user=joe,acl");
	mount_options_finish(&options);
}

static void comments_and_empty_words_are_dropped(void **state)
{
	char *words[] = { "",
			  "x-systemd.automount",
			  "X-mount.mkdir",
			  "comment=mine",
			  "uhelper=udisks",
			  "helper=h",
			  "xattr",
			  NULL };
	struct string_list list = { words, COUNT(words) - 1 };
	struct mount_options options;

	(void)state;
	assert_int_equal(mount_options_parse(&list, &options, NULL), 0);
	assert_data(&options, "xattr");
	mount_options_finish(&options);
}

static void no_options_mean_nothing(void **state)
{
	static const struct mount_options nothing;
	struct mount_options options = parse("");

	(void)state;
	assert_memory_equal(&options, &nothing, sizeof options);
}

/* Each word of the table of config.md, "Linux mount options". */
static void every_word_of_the_specification_is_listed(void **state)
{
	static const char specification[] =
		"async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand "
		"noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime "
		"nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime "
		"remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid "
		"rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid "
		"rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync "
		"tmpcopyup unbindable idmap ridmap";
	char copy[sizeof specification], *rest = NULL;
	size_t found = 0, wanted = 0;

	(void)state;
	memcpy(copy, specification, sizeof copy);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		size_t before = found;

		wanted++;
		for (size_t i = 0; mount_option_name(i); i++)
			found += strcmp(mount_option_name(i), word) == 0;
		if (found != before + 1)
			fail_msg("%s is listed %zu times", word, found - before);
	}
	assert_int_equal(found, wanted);
}

static void rootfs_propagation_has_a_default(void **state)
{
	unsigned long flags = 0;

	(void)state;
	assert_int_equal(mount_propagation_parse(NULL, &flags, NULL), 0);
	assert_int_equal(flags, MS_SLAVE | MS_REC);
	flags = 0;
	assert_int_equal(mount_propagation_parse("", &flags, NULL), 0);
	assert_int_equal(flags, MS_SLAVE | MS_REC);
	assert_int_equal(mount_propagation_parse("shared", &flags, NULL), 0);
	assert_int_equal(flags, MS_SHARED);
	assert_int_equal(mount_propagation_parse("runbindable", &flags, NULL), 0);
	assert_int_equal(flags, MS_UNBINDABLE | MS_REC);
}

static void rootfs_propagation_takes_no_other_word(void **state)
{
	static const char *const wrong[] = { "ro", "Shared", "shared ", "rbind", "defaults" };
	unsigned long flags = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error err = { 0 };

		assert_int_equal(mount_propagation_parse(wrong[i], &flags, &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, wrong[i]));
	}
	assert_int_equal(flags, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_set_the_attributes_of_the_mount),
		cmocka_unit_test(words_set_the_flags_of_the_file_system),
		cmocka_unit_test(the_last_propagation_word_counts),
		cmocka_unit_test(switches_are_off_until_named),
		cmocka_unit_test(rbind_is_bind_too_and_stays),
		cmocka_unit_test(the_last_of_idmap_and_ridmap_counts),
		cmocka_unit_test(unknown_words_are_the_file_systems_in_order),
		cmocka_unit_test(comments_and_empty_words_are_dropped),
		cmocka_unit_test(no_options_mean_nothing),
		cmocka_unit_test(every_word_of_the_specification_is_listed),
		cmocka_unit_test(rootfs_propagation_has_a_default),
		cmocka_unit_test(rootfs_propagation_takes_no_other_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
