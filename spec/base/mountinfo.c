#include "spec/base/mountinfo.h"

#include <string.h>

#include "spec/base/io.h"
#include "spec/base/text.h"

/* A mount namespace has at most 100,000 mounts (fs.mount-max), of a few hundred bytes each. */
#define MOUNTINFO_MAX (64u << 20)

/* "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [FIELD…] - TYPE SOURCE SUPER_OPTIONS" */
enum { WORD_ID, WORD_PARENT, WORD_DEVICE, WORD_ROOT, WORD_MOUNTPOINT, WORD_OPTIONS, WORDS };

static bool parse_line(char *line, struct mountinfo *ret)
{
	char *rest = line, *words[WORDS];

	for (size_t i = 0; i < WORDS; i++) {
		words[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	/* Any number of optional fields may stand before the dash, none too. */
	char *dash = text_starts_with(rest, "- ") ? rest : strstr(rest, " - ");
	if (!dash || text_to_int64(words[WORD_ID], &ret->id) ||
	    text_to_int64(words[WORD_PARENT], &ret->parent))
		return false;
	char *behind = dash + strlen(dash == rest ? "- " : " - ");
	*dash = '\0';
	ret->root = words[WORD_ROOT];
	ret->mountpoint = words[WORD_MOUNTPOINT];
	ret->options = words[WORD_OPTIONS];
	ret->propagation = rest;
	ret->type = strsep(&behind, " ");
	ret->source = strsep(&behind, " ");
	ret->super_options = behind;
	return behind;
}

bool mountinfo_next(char **text, struct mountinfo *ret)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (parse_line(line, ret))
			return true;
	return false;
}

void mountinfo_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

char *mountinfo_read(int procfs, const char *path, struct error *err)
{
	char *text = NULL;

	return read_file_at(procfs, path, MOUNTINFO_MAX, &text, NULL, err) ? NULL : text;
}
