/* The hint that a failed execution gets, from files such as images have. */
#include "runtime/exec_failure.h"

#include "tests/unit/sandbox.h"

#include <elf.h>
#include <sys/mount.h>

static struct error err;

static const char *hint(const char *path, int code)
{
	err = (struct error){ .code = code, .msg = "exec" };
	assert_int_equal(exec_failure_hint(path, code, &err), -1);
	assert_int_equal(err.code, code);
	return err.msg;
}

static void says(const char *path, int code, const char *text)
{
	const char *msg = hint(path, code);

	if (!strstr(msg, text))
		fail_msg("\"%s\" and not \"%s\"", msg, text);
}

static void says_nothing(const char *path, int code)
{
	assert_string_equal(hint(path, code), "exec");
}

static void a_missing_interpreter_is_named(void **state)
{
	(void)state;
	make_text(in_sandbox("script"), "#! /no/such/interpreter -x\necho\n");
	says(in_sandbox("script"), ENOENT,
	     "its interpreter '/no/such/interpreter' is missing in the rootfs");
	make_text(in_sandbox("tight"), "#!/no/shell");
	says(in_sandbox("tight"), ENOENT, "its interpreter '/no/shell' is missing");
	make_text(in_sandbox("dos"), "#!/bin/sh\r\necho\r\n");
	says(in_sandbox("dos"), ENOENT, "ends in a carriage return");
}

/* A 64-bit program that names @loader, with its one segment behind the header. */
static void make_elf(const char *path, const char *loader, unsigned short machine)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		char loader[64];
	} file = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_machine = machine;
	file.header.e_phoff = sizeof file.header;
	file.header.e_phnum = 1;
	file.segment.p_type = PT_INTERP;
	file.segment.p_offset = offsetof(__typeof__(file), loader);
	snprintf(file.loader, sizeof file.loader, "%s", loader);
	assert_int_equal(write(fd, &file, sizeof file), sizeof file);
	close(fd);
}

static void a_missing_loader_is_named(void **state)
{
	(void)state;
	make_elf(in_sandbox("program"), "/lib64/ld-no-such.so.2", EM_X86_64);
	says(in_sandbox("program"), ENOENT,
	     "its dynamic loader '/lib64/ld-no-such.so.2' is missing in the rootfs");
}

static void a_missing_directory_is_named(void **state)
{
	char text[600];

	(void)state;
	snprintf(text, sizeof text, "the directory '%s' is missing in the rootfs",
		 in_sandbox("gone"));
	says(in_sandbox("gone/bin/program"), ENOENT, text);
	says_nothing(in_sandbox("absent"), ENOENT);
}

static void a_dangling_link_is_named(void **state)
{
	(void)state;
	make_link("/no/such/target", in_sandbox("link"));
	says(in_sandbox("link"), ENOENT, "it is a link to '/no/such/target', which is missing");
}

static void hostile_files_are_survived(void **state)
{
	char text[8192];
	Elf64_Ehdr header = { .e_phoff = UINT64_MAX - 8, .e_phnum = 65535 };

	(void)state;
	memset(text, 'p', sizeof text);
	memcpy(text, "#!", 2);
	text[sizeof text - 1] = '\0';
	make_text(in_sandbox("long"), text);
	says(in_sandbox("long"), ENOENT, "its interpreter 'ppp");
	make_text(in_sandbox("spaces"), "#!   \t  ");
	says(in_sandbox("spaces"), ENOENT, "its interpreter ''");
	make_text(in_sandbox("control"), "#!/bin/\033[31mred");
	says(in_sandbox("control"), ENOENT, "its interpreter '/bin/?[31mred'");
	make_text(in_sandbox("nothing"), "");
	says_nothing(in_sandbox("nothing"), ENOENT);
	assert_int_equal(mkfifo(in_sandbox("fifo"), 0755), 0);
	says_nothing(in_sandbox("fifo"), ENOENT);
	/* Headers that point anywhere. */
	make_elf(in_sandbox("far"), "/loader", EM_X86_64);
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	for (unsigned char class = ELFCLASSNONE; class <= ELFCLASS64 + 1; class ++) {
		header.e_ident[EI_CLASS] = class;
		int fd = open(in_sandbox("far"), O_WRONLY | O_CLOEXEC);
		assert_int_equal(write(fd, &header, sizeof header), sizeof header);
		close(fd);
		says_nothing(in_sandbox("far"), ENOENT);
	}
}

static void the_wrong_format_is_named(void **state)
{
	(void)state;
	make_elf(in_sandbox("arm"), "/l", EM_AARCH64);
	says(in_sandbox("arm"), ENOEXEC, "a program for arm64");
	make_elf(in_sandbox("odd"), "/l", 4711);
	says(in_sandbox("odd"), ENOEXEC, "a program for another machine");
	make_text(in_sandbox("empty"), "");
	says(in_sandbox("empty"), ENOEXEC, "the file is empty");
	make_text(in_sandbox("text"), "echo hello\n");
	says(in_sandbox("text"), ENOEXEC, "neither a program nor a script that begins with '#!'");
	says_nothing(in_sandbox("absent"), ENOEXEC);
}

static void the_mode_is_named(void **state)
{
	(void)state;
	make_text(in_sandbox("plain"), "#!/bin/sh\n");
	assert_int_equal(chmod(in_sandbox("plain"), 0640), 0);
	says(in_sandbox("plain"), EACCES, "it is not executable: mode 0640");
	make_folder(in_sandbox("folder"));
	says(in_sandbox("folder"), EACCES, "it is no regular file");
	make_text(in_sandbox("script"), "#!/etc/passwd\n");
	assert_int_equal(chmod(in_sandbox("script"), 0755), 0);
	says(in_sandbox("script"), EACCES,
	     "its interpreter '/etc/passwd' is not executable: mode ");
}

static void what_nothing_forbids_is_a_security_module(void **state)
{
	(void)state;
	make_text(in_sandbox("fine"), "x");
	assert_int_equal(chmod(in_sandbox("fine"), 0755), 0);
	says(in_sandbox("fine"), EACCES, "a security module");
}

static void look_as_somebody(void *context)
{
	(void)context;
	EXPECT(setresgid(1111, 1111, 1111) == 0);
	EXPECT(setresuid(1111, 1111, 1111) == 0);
	exec_failure_hint(in_sandbox("closed/program"), EACCES, &err);
	EXPECT(strstr(err.msg, "user 1111 may not search the directory '"));
	EXPECT(strstr(err.msg, "closed'"));
	err = (struct error){ 0 };
	exec_failure_hint(in_sandbox("mine"), EACCES, &err);
	EXPECT(strstr(err.msg, "user 1111 may not execute it: mode 0700, owner 0:0"));
}

static void the_directory_that_may_not_be_searched_is_named(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(sandbox, 0755), 0);
	make_folder(in_sandbox("closed"));
	make_text(in_sandbox("closed/program"), "#!/bin/sh\n");
	assert_int_equal(chmod(in_sandbox("closed/program"), 0755), 0);
	assert_int_equal(chmod(in_sandbox("closed"), 0700), 0);
	make_text(in_sandbox("mine"), "#!/bin/sh\n");
	assert_int_equal(chmod(in_sandbox("mine"), 0700), 0);
	in_child(look_as_somebody, NULL);
}

static void a_noexec_mount_is_named(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_folder(in_sandbox("mounted"));
	assert_int_equal(mount("none", in_sandbox("mounted"), "tmpfs", MS_NOEXEC, "size=64k"), 0);
	make_text(in_sandbox("mounted/program"), "#!/bin/sh\n");
	assert_int_equal(chmod(in_sandbox("mounted/program"), 0755), 0);
	const char *msg = hint(in_sandbox("mounted/program"), EACCES);
	assert_int_equal(umount(in_sandbox("mounted")), 0);
	assert_non_null(strstr(msg, "it is on a file system that is mounted with noexec"));
}

static void other_errors_get_no_hint(void **state)
{
	(void)state;
	says_nothing("/bin/sh", E2BIG);
	says_nothing("/bin/sh", EISDIR);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_missing_interpreter_is_named),
		CASE(a_missing_loader_is_named),
		CASE(a_missing_directory_is_named),
		CASE(a_dangling_link_is_named),
		CASE(hostile_files_are_survived),
		CASE(the_wrong_format_is_named),
		CASE(the_mode_is_named),
		CASE(what_nothing_forbids_is_a_security_module),
		CASE(the_directory_that_may_not_be_searched_is_named),
		CASE(a_noexec_mount_is_named),
		CASE(other_errors_get_no_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
