#include "imgtool/image/archive_members.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/image/archive_header.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

enum member_kind { MEMBER_FILE, MEMBER_SYMLINK, MEMBER_HARDLINK, MEMBER_SPARSE, MEMBER_OTHER };

struct member {
	char *name; /* its components with one slash between them, none of them "." or ".." */
	char *link;
	enum member_kind kind;
	uint64_t offset, size;
};

struct archive_members {
	struct member *v;
	size_t n, capacity;
	size_t names_length; /* bytes of all names */
};

/* A walk along the headers. */
struct walk {
	int fd;
	uint64_t position, end;
	size_t headers;
	struct archive_members *members;
	struct archive_extension extension;
};

void archive_members_free(struct archive_members *members)
{
	if (!members)
		return;
	for (size_t i = 0; i < members->n; i++) {
		free(members->v[i].name);
		free(members->v[i].link);
	}
	free(members->v);
	free(members);
}

static void owned_members_free(struct archive_members **members)
{
	archive_members_free(*members);
}

/* Appends the components of @path to @name, which has room for them; ".." takes one away. -1: more than there are. */
static int add_components(char *name, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && strncmp(path, "..", 2) == 0) {
			char *slash = strrchr(name, '/');

			if (!*name)
				return -1;
			*(slash ? slash : name) = '\0';
		} else if (length && !(length == 1 && *path == '.')) {
			char *at = name + strlen(name);

			if (at > name)
				*at++ = '/';
			memcpy(at, path, length);
			at[length] = '\0';
		}
		path += length + (path[length] == '/');
	}
	return 0;
}

/* @path as seen from the directory @base, by its words alone. NULL with EXDEV when it leads out of the archive. */
static char *resolve_name(const char *base, size_t base_length, const char *path)
{
	owned_string name = malloc(base_length + strlen(path) + 2);

	if (!name) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(name, base, base_length);
	name[base_length] = '\0';
	if (add_components(name, path)) {
		errno = EXDEV;
		return NULL;
	}
	return take_pointer(name);
}

static bool has_parent_component(const char *path)
{
	for (; *path; path += strcspn(path, "/"), path += strspn(path, "/"))
		if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || !path[2]))
			return true;
	return false;
}

static enum member_kind kind_of(const struct archive_header *header)
{
	if (header->sparse)
		return MEMBER_SPARSE;
	switch (header->type) {
	case '0':
	case '7':
		return MEMBER_FILE;
	case '1':
		return MEMBER_HARDLINK;
	case '2':
		return MEMBER_SYMLINK;
	default:
		return MEMBER_OTHER;
	}
}

static int reserve_member(struct archive_members *members)
{
	if (members->n < members->capacity)
		return 0;
	size_t capacity = members->capacity ? 2 * members->capacity : 64;
	struct member *v = reallocarray(members->v, capacity, sizeof *v);
	if (!v)
		return -1;
	members->v = v;
	members->capacity = capacity;
	return 0;
}

/* A name with ".." could be meant for another's place, and no part of an image has one: it names nothing. */
static int add_member(struct walk *walk, struct archive_header *header, struct error *err)
{
	struct archive_members *members = walk->members;
	size_t length = strlen(header->name) + strlen(header->link);

	if (length > ARCHIVE_NAME_MAX)
		return error_set(err, EFBIG, "a name of %zu bytes is too long", length);
	if (members->names_length + length > ARCHIVE_NAMES_MAX)
		return error_set(err, EFBIG, "the names of its members are too long");
	if (header->type == '5' || has_parent_component(header->name))
		return 0;
	owned_string name = resolve_name("", 0, header->name);
	if (!name || reserve_member(members))
		return error_errno(err, ENOMEM, "read the members");
	struct member *member = &members->v[members->n++];
	members->names_length += length;
	member->name = take_pointer(name);
	member->link = take_pointer(header->link);
	member->kind = kind_of(header);
	member->offset = walk->position;
	member->size = header->size;
	return 0;
}

static int read_at(const struct walk *walk, void *to, size_t length, struct error *err)
{
	size_t done = 0;

	if (length > walk->end - walk->position)
		return error_set(err, EINVAL, "the archive is cut off at byte %" PRIu64, walk->end);
	while (done < length) {
		ssize_t got = pread(walk->fd, (char *)to + done, length - done,
				    (off_t)(walk->position + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, errno, "read");
		if (got == 0)
			return error_set(err, EINVAL, "the archive became shorter meanwhile");
		done += (size_t)got;
	}
	return 0;
}

static int read_extension(struct walk *walk, const struct archive_header *header, struct error *err)
{
	if (header->size > ARCHIVE_EXTENSION_MAX)
		return error_set(err, EFBIG, "an extension header of %" PRIu64 " bytes is too long",
				 header->size);
	owned_string text = malloc((size_t)header->size + 1);
	if (!text)
		return error_errno(err, ENOMEM, "extension header");
	if (read_at(walk, text, (size_t)header->size, err))
		return -1;
	text[header->size] = '\0';
	return archive_extension_add(&walk->extension, header->type, text, (size_t)header->size,
				     err);
}

/* GNU's map of a sparse file may go on in blocks behind the header; the last byte but eleven says whether. */
static int skip_sparse_map(struct walk *walk, unsigned char block[ARCHIVE_BLOCK], struct error *err)
{
	const size_t more_in_header = 482, more_in_map = 504;

	for (size_t more = more_in_header; block[more]; more = more_in_map) {
		if (read_at(walk, block, ARCHIVE_BLOCK, err))
			return -1;
		walk->position += ARCHIVE_BLOCK;
	}
	return 0;
}

static int take_member(struct walk *walk, unsigned char block[ARCHIVE_BLOCK],
		       struct archive_header *header, struct error *err)
{
	if (header->type == 'S' && skip_sparse_map(walk, block, err))
		return -1;
	if (header->size > walk->end - walk->position)
		return error_set(err, EINVAL,
				 "the archive is cut off: it ends at byte %" PRIu64
				 " in the midst of a member",
				 walk->end);
	uint64_t size = header->size;
	int failed = archive_is_extension(header->type) ? read_extension(walk, header, err)
		     : header->type == 'g'		? 0
							: add_member(walk, header, err);
	if (failed)
		return -1;
	walk->position += size;
	uint64_t padding = (ARCHIVE_BLOCK - size % ARCHIVE_BLOCK) % ARCHIVE_BLOCK;
	walk->position += padding < walk->end - walk->position ? padding
							       : walk->end - walk->position;
	return 0;
}

/* 1: a header was read; 0: the end. */
static int next_header(struct walk *walk, struct error *err)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	if (walk->position == walk->end)
		return 0;
	if (read_at(walk, block, sizeof block, err))
		return -1;
	if (archive_block_is_zero(block))
		return 0;
	if (++walk->headers > ARCHIVE_MEMBERS_MAX)
		return error_set(err, EFBIG, "more than %d members", ARCHIVE_MEMBERS_MAX);
	/* An extension's own extension says nothing. */
	struct archive_extension none = { 0 };
	char type = (char)block[156];
	if (archive_header_parse(
		    block, archive_is_extension(type) || type == 'g' ? &none : &walk->extension,
		    &header, err))
		return error_prefix(err, "at byte %" PRIu64, walk->position);
	walk->position += ARCHIVE_BLOCK;
	int failed = take_member(walk, block, &header, err);
	archive_header_finish(&header);
	return failed ? -1 : 1;
}

/* By name; what came later in the archive later. */
static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

struct archive_members *archive_members_read(int fd, struct error *err)
{
	OWNED(owned_members_free)
	struct archive_members *members = calloc(1, sizeof *members);
	struct walk walk = { .fd = fd, .members = members };
	struct stat st;
	int more;

	if (!members || fstat(fd, &st)) {
		error_errno(err, members ? errno : ENOMEM, "read the members");
		return NULL;
	}
	walk.end = (uint64_t)st.st_size;
	while ((more = next_header(&walk, err)) > 0)
		;
	archive_extension_finish(&walk.extension);
	if (more < 0)
		return NULL;
	if (!members->n) {
		error_set(err, EINVAL, "is a tar without files");
		return NULL;
	}
	qsort(members->v, members->n, sizeof *members->v, compare_members);
	return take_pointer(members);
}

/* The last one of that name. */
static const struct member *find_member(const struct archive_members *members, const char *name)
{
	size_t low = 0, high = members->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(members->v[middle].name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && strcmp(members->v[low - 1].name, name) == 0 ? &members->v[low - 1] : NULL;
}

static char *link_target(const struct member *member)
{
	const char *slash = strrchr(member->name, '/');
	size_t directory = slash ? (size_t)(slash - member->name) : 0;

	if (member->kind == MEMBER_HARDLINK)
		return resolve_name("", 0, member->link);
	if (*member->link == '/') {
		errno = EXDEV;
		return NULL;
	}
	return resolve_name(member->name, directory, member->link);
}

/* The member that has the content. */
static const struct member *follow_links(const struct archive_members *members, const char *name,
					 struct error *err)
{
	owned_string at = strdup(name);

	for (int links = 0; at && links <= ARCHIVE_LINKS_MAX; links++) {
		const struct member *member = find_member(members, at);

		if (!member) {
			error_set(err, ENOENT, "'%s' is not in the archive", at);
			return NULL;
		}
		if (member->kind != MEMBER_SYMLINK && member->kind != MEMBER_HARDLINK)
			return member;
		char *target = link_target(member);
		if (!target) {
			error_set(err, errno, "'%s' is a link that leads out of the archive", name);
			return NULL;
		}
		free(at);
		at = target;
	}
	error_errno(err, at ? ELOOP : ENOMEM, "'%s'", name);
	return NULL;
}

int archive_members_find(const struct archive_members *members, const char *name, uint64_t *offset,
			 uint64_t *size, struct error *err)
{
	owned_string plain = resolve_name("", 0, name);

	if (!plain)
		return error_errno(err, errno, "'%s'", name);
	const struct member *member = follow_links(members, plain, err);
	if (!member)
		return -1;
	if (member->kind == MEMBER_SPARSE)
		return error_set(err, ENOTSUP, "'%s' is stored as a sparse file, in pieces", name);
	if (member->kind != MEMBER_FILE)
		return error_set(err, EINVAL, "'%s' is not a regular file", name);
	*offset = member->offset;
	*size = member->size;
	return 0;
}
