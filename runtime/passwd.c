#include "runtime/passwd.h"

#include <string.h>
#include <sys/stat.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* It may be an image's file: no more of it is read than this (bytes). */
#define PASSWD_MAX (1u << 20)

enum field { FIELD_NAME = 0, FIELD_UID = 2, FIELD_HOME = 5, FIELDS = 7 };

/* A copy of @wanted of the line whose third field is @uid; NULL when there is none. */
static char *find_field(char *text, uid_t uid, enum field wanted)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *field[FIELDS] = { 0 };
		uint64_t id;
		for (size_t n = 0; n < FIELDS && line; n++)
			field[n] = strsep(&line, ":");
		if (field[FIELD_HOME] && text_to_uint64(field[FIELD_UID], &id) == 0 && id == uid)
			return strdup(field[wanted]);
	}
	return NULL;
}

static char *read_field(int fd, uid_t uid, enum field wanted)
{
	owned_string text = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    read_all(fd, PASSWD_MAX, &text, NULL, NULL))
		return NULL;
	return find_field(text, uid, wanted);
}

static int is_clean_path(const char *path)
{
	if (path[0] != '/')
		return 0;
	for (; *path; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			return 0;
	return 1;
}

char *passwd_home(int fd, uid_t uid)
{
	owned_string home = read_field(fd, uid, FIELD_HOME);

	return home && is_clean_path(home) ? take_pointer(home) : strdup("/");
}

char *passwd_name(int fd, uid_t uid)
{
	return read_field(fd, uid, FIELD_NAME);
}
