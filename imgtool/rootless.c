#include "imgtool/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "spec/base/owned.h"
#include "spec/idmap.h"

/* In a namespace of others: ids of a container are those that its root has here, as many as there are from 0 on. */
static int mappings_inside(const struct id_mappings *process, struct id_mappings *ret,
			   struct error *err)
{
	return id_mappings_add(&ret->uids, id_mappings_count(&process->uids), err) ||
			       id_mappings_add(&ret->gids, id_mappings_count(&process->gids), err)
		       ? -1
		       : 0;
}

int rootless_look(struct rootless *ret, struct error *err)
{
	OWNED(id_mappings_finish) struct id_mappings process = { 0 };

	*ret = (struct rootless){ 0 };
	if (id_mappings_of_process(&process, err))
		return -1;
	if (geteuid() != 0)
		return id_mappings_of_user(&ret->mappings, err);
	ret->may_mount = true;
	ret->is_root = id_mappings_identical(&process);
	if (ret->is_root)
		return 0;
	ret->mapped = id_mappings_full(&process);
	return mappings_inside(&process, &ret->mappings, err);
}

/* ---- into a namespace ---- */

/* As the child ended, so does this process. */
__attribute__((noreturn)) static void end_as(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		exit(128 + WTERMSIG(status));
	}
	exit(WEXITSTATUS(status));
}

/* A signal to this process alone is meant for the child, too, which has work to clean up after. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR || (interrupt_check(NULL) && kill(child, SIGTERM)))
			return 1 << 8;
	return status;
}

/* In the new child, which becomes root of its namespace when the parent has written the maps. */
static int enter_child(struct rootless *rootless, pid_t parent, int made, int mapped,
		       struct error *err)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER))
		return error_errno(err, errno, "make a user namespace");
	if (write(made, &byte, 1) != 1 || read(mapped, &byte, 1) != 1)
		_exit(1); /* the parent has the error */
	if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return error_errno(err, errno, "become root of the user namespace");
	/* Behind the change of ids, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return error_errno(err, errno, "prctl");
	if (getppid() != parent)
		_exit(1);
	rootless->mapped = rootless->may_mount = true;
	return 0;
}

/* Once the child has made its namespace. */
static int map_child(const struct rootless *rootless, pid_t child, int made, int mapped,
		     struct error *err)
{
	char byte;

	if (read(made, &byte, 1) != 1)
		return 1; /* the child tells the error */
	if (idmap_write(child, &rootless->mappings.uids, &rootless->mappings.gids, err))
		return -1;
	return write(mapped, &byte, 1) == 1 ? 0 : error_errno(err, errno, "user namespace");
}

int rootless_enter(struct rootless *rootless, struct error *err)
{
	int made[2], mapped[2];

	if (geteuid() == 0 || !id_mappings_full(&rootless->mappings))
		return 0;
	if (pipe2(made, O_CLOEXEC))
		return error_errno(err, errno, "pipe");
	if (pipe2(mapped, O_CLOEXEC)) {
		error_errno(err, errno, "pipe");
		close_fd(made[0]);
		close_fd(made[1]);
		return -1;
	}
	owned_fd made_read = made[0];
	owned_fd made_write = made[1];
	owned_fd mapped_read = mapped[0];
	owned_fd mapped_write = mapped[1];
	pid_t parent = getpid(), child = fork();
	if (child < 0)
		return error_errno(err, errno, "fork");
	if (child == 0) {
		close_fd(take_fd(&made_read));
		close_fd(take_fd(&mapped_write));
		return enter_child(rootless, parent, made_write, mapped_read, err);
	}
	close_fd(take_fd(&made_write));
	close_fd(take_fd(&mapped_read));
	int result = map_child(rootless, child, made_read, mapped_write, err);
	close_fd(take_fd(&mapped_write));
	int status = wait_for(child);
	if (result < 0)
		return -1;
	end_as(status);
}

void rootless_tree_options(const struct rootless *rootless, struct tree_options *options)
{
	options->ownership = rootless->is_root || rootless->mapped ? TREE_OWNERSHIP_SET
								   : TREE_OWNERSHIP_RECORDED;
	options->leave_out_devices = !rootless->is_root;
	options->user_xattrs = !rootless->is_root;
}

void rootless_finish(struct rootless *rootless)
{
	id_mappings_finish(&rootless->mappings);
}
