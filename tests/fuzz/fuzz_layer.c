/* Any bytes as a layer, applied to a directory: compression, tar, rules and tree together. The first byte says in which form, and
 * whether the checksums of tar headers are put right first, without which few changes would get beyond them. Nothing beside the
 * directory may change. */
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/image/digest.h"
#include "imgtool/layer/inflate.h"
#include "imgtool/layer/layer.h"

#define BLOCK 512
#define LIKE "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define CANARY "nobody comes here"

enum form { FOR_OVERLAY = 1, REPAIRED = 2, RECORDED = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* PLACE/beside/root is the directory; canaries are in it and its parent. */
static char place[] = "/dev/shm/fuzz-layer-XXXXXX";

static _Noreturn void give_up(const char *what)
{
	perror(what);
	abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_place(void)
{
	(void)umount2(place, MNT_DETACH);
	(void)nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_canary(const char *folder)
{
	char path[128];

	snprintf(path, sizeof path, "%s%s/canary", place, folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, CANARY, strlen(CANARY)) != (ssize_t)strlen(CANARY))
		give_up(path);
	close(fd);
}

static int open_place(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", place, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	return fd;
}

static int new_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", place, name);
	if (mkdir(path, 0755))
		give_up(path);
	return open_place(name);
}

/* For root a small file system of our own: a bomb ends at its edge, and it is gone with the process. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(place))
		give_up(place);
	if (geteuid() == 0 &&
	    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	     mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV,
		   "size=32m,nr_inodes=4000,mode=755")))
		give_up("mount namespace");
	(void)atexit(remove_place);
	close(new_folder("beside"));
	make_canary("");
	make_canary("/beside");
	return 0;
}

static unsigned children;

static int count(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)type;
	if (at->level == 0)
		return FTW_CONTINUE;
	children++;
	return FTW_SKIP_SUBTREE;
}

static void check_folder(const char *name, unsigned expected)
{
	char path[128], text[64] = "";

	snprintf(path, sizeof path, "%s/%s", place, name);
	children = 0;
	if (nftw(path, count, 4, FTW_PHYS | FTW_ACTIONRETVAL) || children != expected) {
		fprintf(stderr, "%s: %u names and not %u\n", path, children, expected);
		abort();
	}
	int folder = open_place(name);
	int fd = openat(folder, "canary", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof text - 1) < 0 || strcmp(text, CANARY) != 0) {
		fprintf(stderr, "%s/canary: '%s'\n", path, text);
		abort();
	}
	close(fd);
	close(folder);
}

static void remove_root(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/beside/root", place);
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		give_up(path);
}

static void repair(uint8_t *tar, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
		uint8_t *block = tar + at;
		unsigned sum = 0;
		char text[8];

		if (memcmp(block + 257, "ustar", 5) != 0)
			continue;
		memset(block + 148, ' ', 8);
		for (size_t i = 0; i < BLOCK; i++)
			sum += block[i];
		snprintf(text, sizeof text, "%06o", sum);
		memcpy(block + 148, text, 7);
	}
}

/* The digest of the plain bytes, as far as they go: without it being right nothing would come to its end. */
static void compute_diff_id(const struct layer *layer, const struct plain_options *options,
			    const uint8_t *bytes, char *diff_id)
{
	enum compression compression;
	struct error err = { 0 };

	if (inflate_detect(bytes, (size_t)layer->blob.size, &compression, &err) == 0 &&
	    compression == COMPRESSION_NONE) {
		if (digest_of(LIKE, bytes, (size_t)layer->blob.size, diff_id, &err))
			abort();
		return;
	}
	struct digest *digest = digest_begin(LIKE, NULL);
	struct plain *plain = plain_open(layer, options, &err);
	const void *piece;
	ssize_t got;

	if (!digest)
		abort();
	while (plain && (got = plain_read(plain, &piece, &err)) > 0)
		digest_add(digest, piece, (size_t)got);
	plain_close(plain);
	digest_end(digest, diff_id);
}

static void apply(struct layer *layer, const uint8_t *bytes, enum form form)
{
	char diff_id[DIGEST_MAX] = LIKE;
	struct error err = { 0 };
	struct layer_options options = {
		.form = form & FOR_OVERLAY ? LAYER_FOR_OVERLAY : LAYER_ONTO_TREE,
		.tree = { .ownership = form & RECORDED ? TREE_OWNERSHIP_RECORDED
						       : TREE_OWNERSHIP_SET,
			  .leave_out_devices = (form & RECORDED) != 0,
			  .user_xattrs = (form & RECORDED) != 0,
			  .parents_must_exist = (form & FOR_OVERLAY) != 0 },
		.plain = { .max_size = 16 << 20 },
		.max_entries = 1000,
	};
	bool has_root;

	layer->diff_id = diff_id;
	compute_diff_id(layer, &options.plain, bytes, diff_id);
	int root = new_folder("beside/root");
	int result = layer_apply(layer, root, &options, NULL, &has_root, &err);
	close(root);
	if ((result == -1) != (err.code != 0) || (err.code && !err.msg[0])) {
		fprintf(stderr, "%d, but %d '%s'\n", result, err.code, err.msg);
		abort();
	}
	check_folder("beside", 2);
	check_folder("", 2);
	remove_root();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct layer layer = { .blob.fd = memfd_create("layer", MFD_CLOEXEC) };

	if (layer.blob.fd < 0)
		give_up("memfd");
	if (size == 0 || size > 1 << 20) {
		close(layer.blob.fd);
		return 0;
	}
	uint8_t *bytes = malloc(size);
	if (!bytes)
		give_up("malloc");
	memcpy(bytes, data, size);
	if (data[0] & REPAIRED)
		repair(bytes + 1, size - 1);
	if (pwrite(layer.blob.fd, bytes + 1, size - 1, 0) != (ssize_t)size - 1)
		give_up("write");
	layer.blob.size = size - 1;
	apply(&layer, bytes + 1, (enum form)(data[0] & 7));
	free(bytes);
	close(layer.blob.fd);
	return 0;
}
