/* The container's mounts, made beneath a rootfs in a mount namespace of the test's own. */
#include "runtime/mount.h"

#include "tests/unit/planned.h"

#include <sys/statvfs.h>

static struct error err;
static struct planned planned;
static int root = -1;

#define HEAD "'linux':{'namespaces':[{'type':'mount'}]},'mounts':["

/* A fresh rootfs that is a mount, as rootfs_attach leaves it. */
static int new_rootfs(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("rootfs"));
	make_folder(in_sandbox("source"));
	make_text(in_sandbox("source/file"), "text");
	make_text(in_sandbox("canary"), "alive");
	if (!sandbox_lacks && mount("tmpfs", in_sandbox("rootfs"), "tmpfs", 0, NULL))
		return -1;
	root = open(in_sandbox("rootfs"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int close_rootfs(void **state)
{
	close(root);
	if (strcmp(text_of(AT_FDCWD, in_sandbox("canary")), "alive") != 0)
		return -1;
	return sandbox_teardown(state);
}

/* @entries: JSON, with SANDBOX for the folder's path. */
static void plan_with_mounts(const char *entries)
{
	struct buffer text = { 0 };

	buffer_print(&text, "%s", HEAD);
	for (const char *at = entries, *next; *at; at = next) {
		next = strstr(at, "SANDBOX");
		if (!next)
			next = at + strlen(at);
		buffer_add(&text, at, (size_t)(next - at));
		if (*next) {
			buffer_print(&text, "%s", sandbox);
			next += strlen("SANDBOX");
		}
	}
	buffer_print(&text, "]");
	make_plan(text.text, &planned);
	buffer_finish(&text);
}

static int try_mounts(const char *entries)
{
	int *sources = NULL;

	err = (struct error){ 0 };
	plan_with_mounts(entries);
	int failed = mount_sources_open(&planned.plan, &sources, &err);
	if (!failed) {
		failed = mount_all(&planned.plan, sources, root, &err);
		mount_sources_close(sources, planned.plan.n_mounts);
	}
	finish_plan(&planned);
	return failed;
}

#define MOUNTS(entries) SUCCEEDS(try_mounts(entries))

/* The line of mountinfo for the topmost mount at @name beneath the rootfs, "" when there is none. */
static const char *mountinfo(const char *name)
{
	static char found[4096];
	char line[4096], point[1024], expected[600];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	*found = '\0';
	snprintf(expected, sizeof expected, "%s/rootfs/%s", sandbox, name);
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%*s %*s %*s %*s %1023s", point) == 1 &&
		    strcmp(point, expected) == 0)
			memcpy(found, line, sizeof line);
	if (file)
		fclose(file);
	return found;
}

static void check_mount(const char *name, const char *text)
{
	const char *line = mountinfo(name);

	if (!strstr(line, text))
		fail_msg("%s: \"%s\" has no \"%s\"", name, line, text);
}

static unsigned long flags_of(const char *name)
{
	struct statvfs fs;
	int fd = openat(root, name, O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstatvfs(fd, &fs), 0);
	close(fd);
	return fs.f_flag;
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

/* ---- binds ---- */

static void directories_and_files_are_bound(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/deep/dir','source':'SANDBOX/source','options':['bind']},"
	       "{'destination':'/etc/file','source':'SANDBOX/source/file','options':['bind']}");
	assert_string_equal(text_of(root, "deep/dir/file"), "text");
	assert_string_equal(text_of(root, "etc/file"), "text");
	check_mount("deep/dir", " /source ");
	assert_string_not_equal(mountinfo("etc/file"), "");
}

static void a_relative_source_is_in_the_bundle(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/a','source':'source','options':['bind']},"
	       "{'destination':'/b','source':'./rootfs/../source','options':['bind']}");
	assert_string_equal(text_of(root, "a/file"), "text");
	assert_string_equal(text_of(root, "b/file"), "text");
}

/* Callers match these words. */
static void a_missing_source_is_told(void **state)
{
	(void)state;
	NEED_SANDBOX();
	FAILS(try_mounts("{'destination':'/a','source':'/etc','options':['bind']},"
			 "{'destination':'/b','source':'/no/such/source','options':['bind']}"),
	      ENOENT,
	      "mounts[1]: source '/no/such/source' does not exist: no such file or directory; make "
	      "it, or correct mounts[].source in config.json");
	FAILS(try_mounts("{'destination':'/b','source':'/etc/passwd/x','options':['bind']}"),
	      ENOTDIR, "mounts[0]: source '/etc/passwd/x': not a directory");
}

static void attributes_are_the_binds_own(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/a','source':'SANDBOX/source',"
	       "'options':['bind','ro','nosuid','nodev','noexec','noatime']},"
	       "{'destination':'/b','source':'SANDBOX/source','options':['bind','rw']}");
	unsigned long flags = flags_of("a");
	assert_true(flags & ST_RDONLY && flags & ST_NOSUID && flags & ST_NODEV &&
		    flags & ST_NOEXEC && flags & ST_NOATIME);
	assert_false(flags_of("b") & (ST_RDONLY | ST_NOSUID));
	/* Nor does the source itself become read-only. */
	make_text(in_sandbox("source/new"), "");
}

static void bind_leaves_mounts_below_out_and_rbind_takes_them(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("source/sub"));
	assert_int_equal(mount("tmpfs", in_sandbox("source/sub"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("source/sub/below"), "below");
	MOUNTS("{'destination':'/one','source':'SANDBOX/source','options':['bind']},"
	       "{'destination':'/all','source':'SANDBOX/source','options':['rbind','ro']},"
	       "{'destination':'/rro','source':'SANDBOX/source','options':['rbind','rro']}");
	assert_string_equal(text_of(root, "one/sub/below"), "");
	assert_string_equal(text_of(root, "all/sub/below"), "below");
	assert_true(flags_of("all") & ST_RDONLY);
	assert_false(flags_of("all/sub") & ST_RDONLY);
	assert_true(flags_of("rro/sub") & ST_RDONLY);
}

static void a_source_may_be_a_link(void **state)
{
	struct stat st;
	char target[16];

	(void)state;
	NEED_SANDBOX();
	make_link("source", in_sandbox("link"));
	MOUNTS("{'destination':'/followed','source':'SANDBOX/link','options':['bind']},"
	       "{'destination':'/copied','source':'SANDBOX/"
	       "link','options':['bind','copy-symlink']},"
	       "{'destination':'/copied','source':'SANDBOX/"
	       "link','options':['bind','copy-symlink']}");
	assert_string_equal(text_of(root, "followed/file"), "text");
	assert_int_equal(fstatat(root, "copied", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(readlinkat(root, "copied", target, sizeof target), 6);
	assert_memory_equal(target, "source", 6);
	assert_int_equal(symlinkat("other", root, "taken"), 0);
	FAILS(try_mounts("{'destination':'/taken','source':'SANDBOX/link',"
			 "'options':['bind','copy-symlink']}"),
	      EEXIST, "symlink /taken in the rootfs: file exists");
}

/* The destination's links are the image's: they lead nowhere outside. */
static void a_hostile_destination_stays_inside(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(symlinkat("../canary", root, "file"), 0);
	assert_int_equal(symlinkat("../../../..", root, "up"), 0);
	FAILS(try_mounts(
		      "{'destination':'/file','source':'SANDBOX/source/file','options':['bind']}"),
	      EEXIST, "mounts[0]: /file: create /file in the rootfs");
	MOUNTS("{'destination':'/up/etc','source':'SANDBOX/source','options':['bind']}");
	assert_string_equal(text_of(root, "etc/file"), "text");
	assert_int_equal(symlinkat("etc", root, "inside"), 0);
	MOUNTS("{'destination':'/inside','type':'tmpfs','source':'over'}");
	check_mount("etc", " - tmpfs over ");
}

static void a_destination_link_can_be_covered_itself(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkdirat(root, "real", 0755), 0);
	int fd = openat(root, "target", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	close(fd);
	assert_int_equal(symlinkat("target", root, "link"), 0);
	MOUNTS("{'destination':'/link','source':'SANDBOX/source/file',"
	       "'options':['bind','dest-nofollow']}");
	assert_string_equal(text_of(root, "target"), "");
	assert_string_not_equal(mountinfo("link"), "");
}

static void a_bind_gets_its_propagation(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/s','source':'SANDBOX/source','options':['bind','shared']},"
	       "{'destination':'/p','source':'SANDBOX/source','options':['bind','private']},"
	       "{'destination':'/u','source':'SANDBOX/source','options':['bind','unbindable']}");
	check_mount("s", " shared:");
	assert_null(strstr(mountinfo("p"), "shared:"));
	check_mount("u", " unbindable ");
}

/* What is mounted in the container must not appear at the source. */
static void a_bind_of_a_shared_mount_is_a_slave(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mount("tmpfs", in_sandbox("source"), "tmpfs", 0, NULL), 0);
	make_folder(in_sandbox("source/sub"));
	assert_int_equal(mount(NULL, in_sandbox("source"), NULL, MS_SHARED, NULL), 0);
	MOUNTS("{'destination':'/b','source':'SANDBOX/source','options':['bind']},"
	       "{'destination':'/b/sub','type':'tmpfs','source':'inside'}");
	check_mount("b", " master:");
	assert_null(strstr(mountinfo("b"), " shared:"));
	check_mount("b/sub", " - tmpfs inside ");
	make_text(in_sandbox("source/sub/outside"), "");
	assert_int_equal(faccessat(root, "b/sub/outside", F_OK, 0), -1);
}

static void an_idmap_shows_other_ids(void **state)
{
	struct stat st;

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(chown(in_sandbox("source/file"), 1000, 2000), 0);
	if (try_mounts("{'destination':'/m','source':'SANDBOX/source','options':['bind'],"
		       "'uidMappings':[{'containerID':0,'hostID':70000,'size':5000}],"
		       "'gidMappings':[{'containerID':0,'hostID':80000,'size':5000}]}")) {
		/* Before 6.3 tmpfs knew none, and the hint says so. */
		assert_non_null(strstr(err.msg, "its file system knows no idmapped mounts"));
		SKIP("%s", err.msg);
	}
	assert_int_equal(fstatat(root, "m/file", &st, 0), 0);
	assert_int_equal(st.st_uid, 71000);
	assert_int_equal(st.st_gid, 82000);
	assert_int_equal(stat(in_sandbox("source/file"), &st), 0);
	assert_int_equal(st.st_uid, 1000);
}

/* ---- file systems ---- */

static void a_tmpfs_has_the_mode_of_what_it_covers(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkdirat(root, "t", 0700), 0);
	assert_int_equal(fchmodat(root, "t", 01770, 0), 0);
	MOUNTS("{'destination':'/t','type':'tmpfs','source':'tmpfs'},"
	       "{'destination':'/given','type':'tmpfs','source':'tmpfs','options':['mode=711']},"
	       "{'destination':'/new','type':'tmpfs','source':'tmpfs'}");
	assert_int_equal(mode_of("t"), 01770);
	assert_int_equal(mode_of("given"), 0711);
	assert_int_equal(mode_of("new"), 0755);
}

static void a_file_system_gets_its_words(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/t','type':'tmpfs','source':'name',"
	       "'options':['nosuid','noexec','nodev','size=64k','sync']}");
	check_mount("t", " rw,nosuid,nodev,noexec,");
	check_mount("t", " - tmpfs name rw,sync,size=64k");
}

static void wrong_words_are_named(void **state)
{
	(void)state;
	NEED_SANDBOX();
	FAILS(try_mounts("{'destination':'/t','type':'tmpfs','source':'x','options':['nonsense']}"),
	      EINVAL, "mounts[0]: /t: mount tmpfs: nonsense: invalid argument; tmpfs: Unknown");
	FAILS(try_mounts("{'destination':'/t','type':'nonsensefs','source':'x'}"), ENODEV,
	      "mounts[0]: /t: mount nonsensefs: ");
}

static void procfs_is_not_mounted_through_links(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkdirat(root, "elsewhere", 0755), 0);
	assert_int_equal(symlinkat("elsewhere", root, "proc"), 0);
	FAILS(try_mounts("{'destination':'/proc','type':'proc','source':'proc'}"), ELOOP,
	      "proc is not mounted through symlinks");
	FAILS(try_mounts("{'destination':'/proc/sys','type':'sysfs','source':'x'}"), ELOOP,
	      "sysfs is not mounted through symlinks");
}

static void a_read_only_tmpfs_is_filled_first(void **state)
{
	(void)state;
	NEED_SANDBOX();
	plan_with_mounts("{'destination':'/dev','type':'tmpfs','source':'x','options':['ro']},"
			 "{'destination':'/dev/sub','type':'tmpfs','source':'x'}");
	int *sources = NULL;
	SUCCEEDS(mount_sources_open(&planned.plan, &sources, &err));
	SUCCEEDS(mount_all(&planned.plan, sources, root, &err));
	mount_sources_close(sources, planned.plan.n_mounts);
	assert_false(flags_of("dev") & ST_RDONLY);
	assert_int_equal(mknodat(root, "dev/file", S_IFREG | 0644, 0), 0);
	SUCCEEDS(mounts_make_readonly(&planned.plan, root, &err));
	assert_true(flags_of("dev") & ST_RDONLY);
	assert_false(flags_of("dev/sub") & ST_RDONLY);
	assert_int_equal(mknodat(root, "dev/other", S_IFREG | 0644, 0), -1);
	assert_int_equal(errno, EROFS);
	finish_plan(&planned);
}

static void tmpcopyup_brings_the_content_along(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkdirat(root, "etc", 0750), 0);
	int fd = openat(root, "etc/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, "image", 5), 5);
	close(fd);
	MOUNTS("{'destination':'/etc','type':'tmpfs','source':'x','options':['tmpcopyup']}");
	check_mount("etc", " - tmpfs x ");
	assert_string_equal(text_of(root, "etc/file"), "image");
	assert_int_equal(mode_of("etc"), 0750);
	assert_int_equal(mode_of("etc/file"), 0640);
}

static void remounts_change_what_is_there(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/t','type':'tmpfs','source':'x','options':['size=64k']},"
	       "{'destination':'/t','type':'tmpfs','source':'x',"
	       "'options':['remount','size=128k','nosuid']},"
	       "{'destination':'/b','source':'SANDBOX/source','options':['bind']},"
	       "{'destination':'/b','source':'none','options':['bind','remount','ro']}");
	check_mount("t", "size=128k");
	assert_true(flags_of("t") & ST_NOSUID);
	assert_true(flags_of("b") & ST_RDONLY);
	FAILS(try_mounts("{'destination':'/none','source':'x','options':['bind','remount']}"),
	      ENOENT, "mounts[0]: /none: open /none in the rootfs");
}

/* More than fsconfig(2) takes for one value, as the lower layers of an image are. */
static void an_overlay_may_have_many_layers(void **state)
{
	struct buffer entry = { 0 };
	char name[128];

	(void)state;
	NEED_SANDBOX();
	buffer_print(&entry, "{'destination':'/o','type':'overlay','source':'overlay','options':["
			     "'nodev','lowerdir=");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "layer-with-a-name-of-some-length-%d", i);
		make_folder(in_sandbox(name));
		buffer_print(&entry, "%s%s", i ? ":" : "", in_sandbox(name));
		snprintf(name + strlen(name), 16, "/f%d", i);
		make_text(in_sandbox(name), "layer");
	}
	make_folder(in_sandbox("upper"));
	make_folder(in_sandbox("work"));
	buffer_print(&entry, "','upperdir=SANDBOX/upper','workdir=SANDBOX/work']}");
	assert_true(entry.length > 600);
	if (try_mounts(entry.text)) {
		buffer_finish(&entry);
		if (err.code == ENODEV)
			SKIP("no overlay file system");
		fail_msg("%s", err.msg);
	}
	buffer_finish(&entry);
	assert_string_equal(text_of(root, "o/f0"), "layer");
	assert_string_equal(text_of(root, "o/f11"), "layer");
	assert_true(flags_of("o") & ST_NODEV);
	assert_int_equal(mknodat(root, "o/new", S_IFREG | 0644, 0), 0);
	assert_true(exists(in_sandbox("upper/new")));
}

static void later_mounts_cover_earlier_ones(void **state)
{
	(void)state;
	NEED_SANDBOX();
	MOUNTS("{'destination':'/a','type':'tmpfs','source':'first'},"
	       "{'destination':'/a/b','type':'tmpfs','source':'second'},"
	       "{'destination':'/a/b/c','source':'SANDBOX/source','options':['bind']}");
	check_mount("a", "first");
	check_mount("a/b", "second");
	assert_string_equal(text_of(root, "a/b/c/file"), "text");
}

static void make_mounts_on_an_old_kernel(void *context)
{
	(void)context;
	refuse_call(SYS_mount_setattr, ENOSYS);
	plan_with_mounts(
		"{'destination':'/a','source':'SANDBOX/source','options':['bind','ro','noexec']},"
		"{'destination':'/t','type':'tmpfs','source':'x','options':['ro']}");
	int *sources = NULL;
	EXPECT_SUCCESS(mount_sources_open(&planned.plan, &sources, &err));
	EXPECT_SUCCESS(mount_all(&planned.plan, sources, root, &err));
	EXPECT_SUCCESS(mounts_make_readonly(&planned.plan, root, &err));
	EXPECT(flags_of("a") & ST_RDONLY && flags_of("a") & ST_NOEXEC);
	EXPECT(flags_of("t") & ST_RDONLY);
}

static void without_mount_setattr_mounts_are_remounted(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(make_mounts_on_an_old_kernel, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_rootfs, close_rootfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(directories_and_files_are_bound),
		CASE(a_relative_source_is_in_the_bundle),
		CASE(a_missing_source_is_told),
		CASE(attributes_are_the_binds_own),
		CASE(bind_leaves_mounts_below_out_and_rbind_takes_them),
		CASE(a_source_may_be_a_link),
		CASE(a_hostile_destination_stays_inside),
		CASE(a_destination_link_can_be_covered_itself),
		CASE(a_bind_gets_its_propagation),
		CASE(a_bind_of_a_shared_mount_is_a_slave),
		CASE(an_idmap_shows_other_ids),
		CASE(a_tmpfs_has_the_mode_of_what_it_covers),
		CASE(a_file_system_gets_its_words),
		CASE(wrong_words_are_named),
		CASE(procfs_is_not_mounted_through_links),
		CASE(a_read_only_tmpfs_is_filled_first),
		CASE(tmpcopyup_brings_the_content_along),
		CASE(remounts_change_what_is_there),
		CASE(an_overlay_may_have_many_layers),
		CASE(later_mounts_cover_earlier_ones),
		CASE(without_mount_setattr_mounts_are_remounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
