#include "spec/idmap.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static void print_mappings(const struct id_mapping_list *mappings, struct buffer *text)
{
	for (size_t i = 0; i < mappings->n; i++)
		buffer_print(text, "%u %u %u\n", mappings->v[i]->container_id,
			     mappings->v[i]->host_id, mappings->v[i]->size);
}

static int run_helper(const char *helper, pid_t pid, const struct id_mapping_list *mappings,
		      struct error *err)
{
	struct string_list args = { 0 };
	struct buffer text = { 0 };
	char *word, *rest;
	pid_t child;
	int status = -1;

	print_mappings(mappings, &text);
	owned_string pid_text = text_format("%d", (int)pid);
	int failed = !pid_text || text.failed || string_list_add(&args, helper) ||
		     string_list_add(&args, pid_text);
	for (word = failed ? NULL : strtok_r(text.text, " \n", &rest); word && !failed;
	     word = strtok_r(NULL, " \n", &rest))
		failed = string_list_add(&args, word);
	int code = failed ? ENOMEM : posix_spawnp(&child, helper, NULL, NULL, args.v, environ);
	if (code) {
		error_errno(err, code, "run %s", helper);
		error_hint(err, "it is in the package uidmap");
	} else {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (status) {
			error_set(err, EPERM, "%s failed", helper);
			error_hint(err, "see the ranges in /etc/subuid and /etc/subgid");
		}
	}
	buffer_finish(&text);
	string_list_finish(&args);
	return status ? -1 : 0;
}

static int write_map(int process, pid_t pid, const char *file, const char *helper,
		     const struct id_mapping_list *mappings, struct error *err)
{
	struct buffer text = { 0 };

	print_mappings(mappings, &text);
	if (text.failed)
		return error_errno(err, ENOMEM, "%s", file);
	struct error refused = { 0 };
	int failed = write_kernel_file_at(process, file, text.text, &refused);
	buffer_finish(&text);
	if (failed && refused.code == EPERM && geteuid() != 0)
		return run_helper(helper, pid, mappings, err);
	if (failed)
		*err = refused;
	return failed;
}

int idmap_write(pid_t pid, const struct id_mapping_list *uids, const struct id_mapping_list *gids,
		struct error *err)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	owned_fd process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return error_errno(err, errno, "open %s", path);
	/* A range of one, made by the user itself, is only allowed once setgroups(2) is given up. */
	if (geteuid() != 0 && gids->n == 1 && gids->v[0]->size == 1 &&
	    write_kernel_file_at(process, "setgroups", "deny", err))
		return -1;
	if (write_map(process, pid, "gid_map", "newgidmap", gids, err))
		return error_prefix(err, "linux.gidMappings");
	if (write_map(process, pid, "uid_map", "newuidmap", uids, err))
		return error_prefix(err, "linux.uidMappings");
	return 0;
}

int idmap_open_namespace(const struct id_mapping_list *uids, const struct id_mapping_list *gids,
			 struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char path[48];
	int fd = -1, life[2];

	if (pipe2(life, O_CLOEXEC))
		return error_errno(err, errno, "pipe");
	/* A user namespace is made by a process in it; it waits for the end of the pipe. */
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		char byte;
		close(life[1]);
		_exit(read(life[0], &byte, 1) != 0);
	}
	close_fd(life[0]);
	if (pid < 0) {
		error_errno(err, errno, "clone3 of a user namespace");
	} else {
		if (idmap_write(pid, uids, gids, err) == 0) {
			snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				error_errno(err, errno, "open %s", path);
		}
	}
	close_fd(life[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

int64_t idmap_to_host(const struct id_mapping_list *mappings, uint32_t id)
{
	if (!mappings->n)
		return id;
	for (size_t i = 0; i < mappings->n; i++) {
		const struct id_mapping *mapping = mappings->v[i];
		if (id >= mapping->container_id && id - mapping->container_id < mapping->size)
			return (int64_t)mapping->host_id + (id - mapping->container_id);
	}
	return -1;
}
