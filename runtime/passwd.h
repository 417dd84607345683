/* Reading /etc/passwd, passwd(5), without the C library's name services: those would load code from
 * the root file system at hand (CVE-2019-14271), and cannot be linked statically. */
#pragma once

#include <sys/types.h>

/* The home directory of @uid by the passwd file open at @fd (-1 allowed), "/" where it says nothing or
 * something that is no absolute path of printable characters. For the caller to free; NULL when memory is out. */
char *passwd_home(int fd, uid_t uid);

/* The name of @uid, or NULL when it has none or memory is out. For the caller to free. */
char *passwd_name(int fd, uid_t uid);
