/* Users and groups by the passwd and group files of a root file system, passwd(5) and group(5). The C library's
 * name services are never asked: they would load code from the image (CVE-2019-14271), or answer for the host. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Most bytes that are read of either file; most supplementary groups, the kernel's NGROUPS_MAX. */
#define USERS_FILE_MAX (4u << 20)
#define USERS_GROUPS_MAX 65536

struct account {
	uint32_t uid, gid;
	struct uint32_list groups; /* supplementary */
	char *home;		   /* absolute; "/" where passwd says nothing */
};

/* @text as an image's User or `--user`: "USER[:GROUP]", each a name or digits; "" is root. Digits are ids, never names, and
 * at most 2³¹-1 (CVE-2024-40635). A name must be in the files; where an id has no group beside it, its group is
 * passwd's, or 0. Only a name (or "") without a group has supplementary groups: its own and those that name it as a
 * member (conversion.md, Config.User). A file that is not there has no lines; one that is no regular file,
 * or larger than USERS_FILE_MAX, is an error, and so is a home with control characters (CRI-O CVE-2026-15809).
 * account_finish in any case. */
int account_find(int root, const char *text, struct account *ret, struct error *err);
void account_finish(struct account *account);
