/* linux.seccomp as a BPF program. Compiling (libseccomp) happens while planning, loading is one
 * system call of the child. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

#include "spec/config.h"

struct seccomp_filter {
	struct sock_filter *instructions; /* owned; NULL: no filter */
	size_t n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_… for seccomp(2), with NEW_LISTENER when notify */
	bool notify;	/* some rule uses SCMP_ACT_NOTIFY */
};

/* @cache_dirfd: directory (0700, ours) where compiled filters are kept by what they were made from, or
 * -1. A cached filter is used only when the whole text it was made from is equal, not just its hash.
 * Unknown system call names are skipped, as runc does; so are the ones libseccomp knows no number for.
 * Unknown architectures, an errno for an action that takes none, NOTIFY as the default action or for
 * write(2) without a way out are errors that name the JSON path. */
int seccomp_compile(const struct seccomp *seccomp, int cache_dirfd, struct seccomp_filter *ret,
		    struct error *err);

/* Appends the names of the architectures that filters can be made for. -1: memory is out. */
int seccomp_architectures(struct string_list *names);

/* Loads the filter into the calling thread: exactly one system call, seccomp(2). The caller holds
 * CAP_SYS_ADMIN or has no_new_privs. @listener receives the notify descriptor or -1; may be NULL.
 * (libseccomp has a seccomp_load of its own.) */
int seccomp_filter_load(const struct seccomp_filter *filter, int *listener, struct error *err);

void seccomp_filter_finish(struct seccomp_filter *filter);
