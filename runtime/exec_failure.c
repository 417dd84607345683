#include "runtime/exec_failure.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "spec/base/owned.h"

/* The beginning of the file: the kernel looks for an interpreter in the first 256 bytes of a script and in
 * the first page of a program. */
struct beginning {
	char bytes[4096];
	size_t length;
};

static bool read_beginning(const char *path, struct beginning *ret)
{
	/* Not to wait at a FIFO. */
	owned_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	ssize_t got = pread(fd, ret->bytes, sizeof ret->bytes - 1, 0);
	if (got < 0)
		return false;
	ret->length = (size_t)got;
	ret->bytes[got] = '\0';
	return true;
}

/* Puts the words for the user into the hint; what does not print is not repeated. */
static int quoted_hint(struct error *err, const char *before, const char *name, const char *after)
{
	char text[256];

	snprintf(text, sizeof text, "%s", name);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return error_hint(err, "%s'%s'%s", before, text, after);
}

static const char *script_interpreter(struct beginning *file)
{
	if (strncmp(file->bytes, "#!", 2) != 0)
		return NULL;
	char *start = file->bytes + 2 + strspn(file->bytes + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	return start;
}

#define FIND_LOADER(file, ehdr, phdr)                                             \
	do {                                                                      \
		ehdr header;                                                      \
		phdr segment;                                                     \
		memcpy(&header, (file)->bytes, sizeof header);                    \
		for (size_t i = 0; i < header.e_phnum; i++) {                     \
			size_t at = header.e_phoff + i * sizeof segment;          \
			if (header.e_phoff > (file)->length ||                    \
			    at + sizeof segment > (file)->length)                 \
				return NULL;                                      \
			memcpy(&segment, (file)->bytes + at, sizeof segment);     \
			if (segment.p_type == PT_INTERP)                          \
				return segment.p_offset < (file)->length          \
					       ? (file)->bytes + segment.p_offset \
					       : NULL;                            \
		}                                                                 \
	} while (0)

static bool is_elf(const struct beginning *file)
{
	return file->length >= sizeof(Elf64_Ehdr) && memcmp(file->bytes, ELFMAG, SELFMAG) == 0;
}

/* The dynamic loader that an ELF program names, or NULL. */
static const char *elf_loader(const struct beginning *file)
{
	if (!is_elf(file))
		return NULL;
	if (file->bytes[EI_CLASS] == ELFCLASS64)
		FIND_LOADER(file, Elf64_Ehdr, Elf64_Phdr);
	else if (file->bytes[EI_CLASS] == ELFCLASS32)
		FIND_LOADER(file, Elf32_Ehdr, Elf32_Phdr);
	return NULL;
}

/* Calls @test for "/a", "/a/b", … of "/a/b/c", until it fails; then the prefix is in @found. */
static bool find_prefix(const char *path, int (*test)(const char *prefix), char found[PATH_MAX])
{
	for (const char *at = path; (at = strchr(at + 1, '/'));) {
		snprintf(found, PATH_MAX, "%.*s", (int)(at - path), path);
		if (test(found))
			return true;
	}
	return false;
}

static int is_missing(const char *prefix)
{
	struct stat st;

	return stat(prefix, &st) && errno == ENOENT;
}

static int is_closed(const char *prefix)
{
	return faccessat(AT_FDCWD, prefix, X_OK, AT_EACCESS) && errno == EACCES;
}

static int explain_missing(const char *path, struct error *err)
{
	struct beginning file;
	struct stat st;
	char text[PATH_MAX];

	if (find_prefix(path, is_missing, text))
		return quoted_hint(err, "the directory ", text, " is missing in the rootfs");
	if (lstat(path, &st))
		return -1;
	ssize_t length = readlink(path, text, sizeof text - 1);
	if (length >= 0 && is_missing(path)) {
		text[length] = '\0';
		return quoted_hint(err, "it is a link to ", text,
				   ", which is missing in the rootfs");
	}
	if (!read_beginning(path, &file))
		return -1;
	const char *interpreter = script_interpreter(&file);
	if (interpreter && strchr(interpreter, '\r'))
		return error_hint(err, "the line of its interpreter ends in a carriage return");
	if (interpreter)
		return quoted_hint(err, "its interpreter ", interpreter,
				   " is missing in the rootfs");
	const char *loader = elf_loader(&file);
	return loader ? quoted_hint(err, "its dynamic loader ", loader, " is missing in the rootfs")
		      : -1;
}

/* @what: "it" or the interpreter's name in quotes. Returns whether a reason was found. */
static bool explain_denied_file(const char *path, const char *what, struct error *err)
{
	struct statvfs mount;
	struct stat st;
	char closed[PATH_MAX];

	if (find_prefix(path, is_closed, closed)) {
		error_hint(err, "user %u may not search the directory '%s'", geteuid(), closed);
		return true;
	}
	if (stat(path, &st))
		return false;
	if (!S_ISREG(st.st_mode))
		error_hint(err, "%s is no regular file", what);
	else if (!(st.st_mode & 0111))
		error_hint(err, "%s is not executable: mode %04o", what, st.st_mode & 07777);
	else if (statvfs(path, &mount) == 0 && mount.f_flag & ST_NOEXEC)
		error_hint(err, "%s is on a file system that is mounted with noexec", what);
	else if (is_closed(path))
		error_hint(err, "user %u may not execute %s: mode %04o, owner %u:%u", geteuid(),
			   what, st.st_mode & 07777, st.st_uid, st.st_gid);
	else
		return false;
	return true;
}

static int explain_denied(const char *path, struct error *err)
{
	struct beginning file;
	char what[300];

	if (explain_denied_file(path, "it", err))
		return -1;
	const char *interpreter = read_beginning(path, &file) ? script_interpreter(&file) : NULL;
	snprintf(what, sizeof what, "its interpreter '%.200s'", interpreter ? interpreter : "");
	if (interpreter && explain_denied_file(interpreter, what, err))
		return -1;
	return error_hint(err, "its mode and mount allow it: a security module (the AppArmor "
			       "profile or SELinux label of the process) does not");
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_X86_64, "x86-64" }, { EM_386, "x86" },	{ EM_AARCH64, "arm64" },
		{ EM_ARM, "arm" },	 { EM_RISCV, "riscv" }, { EM_PPC64, "powerpc64" },
		{ EM_S390, "s390" },	 { EM_MIPS, "mips" },	{ 258, "loongarch" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

static int explain_format(const char *path, struct error *err)
{
	struct beginning file;
	Elf64_Ehdr header;

	if (!read_beginning(path, &file))
		return -1;
	if (!file.length)
		return error_hint(err, "the file is empty");
	if (!is_elf(&file))
		return error_hint(err, "neither a program nor a script that begins with '#!'");
	/* e_machine is at the same place in both classes. */
	memcpy(&header, file.bytes, sizeof header);
	return error_hint(err, "a program for %s", machine_name(header.e_machine));
}

int exec_failure_hint(const char *path, int code, struct error *err)
{
	switch (code) {
	case ENOENT:
		return explain_missing(path, err);
	case EACCES:
		return explain_denied(path, err);
	case ENOEXEC:
		return explain_format(path, err);
	default:
		return -1;
	}
}
