#include "imgtool/pack/packer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/base/walk.h"
#include "imgtool/pack/file.h"
#include "imgtool/pack/links.h"
#include "imgtool/pack/tar.h"
#include "spec/base/text.h"

struct packer {
	struct pack_stream *stream;
	const struct packer_options *options;
	struct progress *progress;
	size_t item;
	struct pack_links links;
	uint64_t count;
};

struct packer *packer_open(struct pack_stream *stream, const struct packer_options *options,
			   struct progress *progress, size_t item, struct error *err)
{
	struct packer *packer = calloc(1, sizeof *packer);

	if (!packer) {
		error_errno(err, ENOMEM, "layer");
		return NULL;
	}
	packer->stream = stream;
	packer->options = options;
	packer->progress = progress;
	packer->item = item;
	return packer;
}

uint64_t packer_count(const struct packer *packer)
{
	return packer->count;
}

void packer_close(struct packer *packer)
{
	if (!packer)
		return;
	pack_links_finish(&packer->links);
	free(packer);
}

static int write_header(struct packer *packer, const struct entry *entry, struct error *err)
{
	packer->count++;
	progress_bytes(packer->progress, packer->item, pack_stream_length(packer->stream));
	if (interrupt_check(err))
		return -1;
	return pack_tar_entry(packer->stream, entry, err);
}

/* As many bytes as the header says, or an error. */
static int write_content(struct packer *packer, const struct pack_file *file, struct error *err)
{
	uint64_t left = (uint64_t)file->entry.size;

	while (left > 0) {
		size_t room;
		void *to = pack_stream_room(packer->stream, &room);
		ssize_t got = read(file->fd, to, left < room ? (size_t)left : room);

		if (interrupt_check(err))
			return -1;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, errno, "read");
		if (got == 0)
			return error_set(err, ESTALE, "it became shorter while it was read");
		if (pack_stream_advance(packer->stream, (size_t)got, err))
			return -1;
		left -= (uint64_t)got;
		progress_bytes(packer->progress, packer->item, pack_stream_length(packer->stream));
	}
	if (pack_tar_pad(packer->stream, (uint64_t)file->entry.size, err))
		return -1;
	return pack_file_check(file, err);
}

static void clamp(const struct packer_options *options, struct timespec *mtime)
{
	if (options->clamp && (mtime->tv_sec > options->latest ||
			       (mtime->tv_sec == options->latest && mtime->tv_nsec > 0)))
		*mtime = (struct timespec){ .tv_sec = (time_t)options->latest };
}

static int add_further_name(struct packer *packer, const struct pack_file *file, const char *first,
			    struct error *err)
{
	struct entry entry = file->entry;

	entry.hardlink = true;
	entry.link = (char *)first;
	return write_header(packer, &entry, err);
}

static int add(struct packer *packer, struct pack_file *file, struct error *err)
{
	const char *first = NULL;

	clamp(packer->options, &file->entry.mtime);
	if (!S_ISDIR(file->stat.st_mode) && file->stat.st_nlink > 1 &&
	    pack_links_find(&packer->links, &file->stat, file->entry.path, &first, err))
		return -1;
	if (first)
		return add_further_name(packer, file, first, err);
	if (write_header(packer, &file->entry, err))
		return -1;
	return S_ISREG(file->stat.st_mode) ? write_content(packer, file, err) : 0;
}

int packer_add(struct packer *packer, int directory, const char *name, const char *path,
	       struct error *err)
{
	struct pack_file file;

	if (strlen(path) > ENTRY_NAME_MAX)
		return error_set(err, ENAMETOOLONG, "/%.80s…: its path is longer than %d bytes",
				 path, ENTRY_NAME_MAX);
	int result = pack_file_open(directory, name, (char *)path, packer->options->recorded, &file,
				    err);
	if (result == PACK_FILE_SOCKET) {
		progress_notice(packer->progress, "/%s: a socket, left out", path);
		return 0;
	}
	if (result == 0) {
		result = add(packer, &file, err);
		pack_file_finish(&file);
	}
	return result ? error_prefix(err, "/%s", path) : 0;
}

int packer_remove(struct packer *packer, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	int parent = slash ? (int)(slash - path) + 1 : 0;
	char *whiteout = text_format("%.*s.wh.%s", parent, path, path + parent);
	struct entry entry = { .path = whiteout, .mode = S_IFREG };

	if (!whiteout)
		return error_errno(err, ENOMEM, "/%s", path);
	int result = write_header(packer, &entry, err);
	free(whiteout);
	return result;
}

int packer_add_tree(struct packer *packer, int root, struct error *err)
{
	const struct walk_entry *entry;
	struct walk *walk = walk_open(root, WALK_SORTED, err);
	int more;

	if (!walk)
		return -1;
	int result = packer_add(packer, root, ".", "", err);
	while (result == 0 && (more = walk_next(walk, &entry, err)) != 0) {
		if (more < 0)
			result = -1;
		else if (entry->event == WALK_NAME)
			result =
				packer_add(packer, entry->directory, entry->name, entry->path, err);
	}
	walk_close(walk);
	return result;
}
