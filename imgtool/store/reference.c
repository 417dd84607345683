#include "imgtool/store/reference.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "imgtool/base/mounts.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/table_fields.h"

#define SUFFIX ".json"

static const struct field store_reference_fields[] = {
	FIELD_STRING(store_reference, bundle, "bundle", REQUIRED),
	FIELD_STRING_LIST(store_reference, layers, "layers", REQUIRED),
};
static TYPE(store_reference);

struct file_name {
	char text[RECORD_REFERENCE_LENGTH + sizeof SUFFIX];
};

static struct file_name file_of(const char *name)
{
	struct file_name file;

	snprintf(file.text, sizeof file.text, "%s" SUFFIX, name);
	return file;
}

static int random_name(char ret[RECORD_REFERENCE_LENGTH + 1], struct error *err)
{
	unsigned char bytes[RECORD_REFERENCE_LENGTH / 2];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_errno(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int write_reference(struct store *store, const char *name,
			   const struct store_reference *reference, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	const struct file_name file = file_of(name);

	table_print(&store_reference_type, reference, 0, &text);
	if (text.failed)
		return error_errno(err, ENOMEM, "reference");
	if (write_file_atomic_at(store->bundles, file.text, text.text, text.length, 0600, err))
		return error_prefix(err, "store %s", store->path);
	/* After a loss of power the layers of a bundle that is there must not be taken for unused. */
	owned_fd fd = openat(store->bundles, file.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) || fsync(store->bundles))
		return error_errno(err, errno, "store %s: sync %s", store->path, file.text);
	return 0;
}

int store_reference_add(struct store *store, const char *bundle, const struct string_list *layers,
			char ret[RECORD_REFERENCE_LENGTH + 1], struct error *err)
{
	const struct store_reference reference = { .bundle = (char *)bundle, .layers = *layers };

	return random_name(ret, err) || write_reference(store, ret, &reference, err) ? -1 : 0;
}

int store_reference_link(const struct store *store, const char *name, int overlay,
			 struct error *err)
{
	if (unlinkat(overlay, RECORD_LINK, 0) && errno != ENOENT)
		return error_errno(err, errno, "remove " RECORD_OVERLAY "/" RECORD_LINK);
	if (linkat(store->bundles, file_of(name).text, overlay, RECORD_LINK, 0) == 0)
		return 0;
	/* A bundle on another file system has none: its path alone tells whether it is there. */
	if (errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP)
		return 0;
	return error_errno(err, errno, "link to the reference");
}

struct store_reference *store_reference_read(const struct store *store, const char *name,
					     struct error *err)
{
	struct problems problems = { 0 };
	owned_string text = NULL;
	size_t length;
	const struct file_name file = file_of(name);

	if (read_file_at(store->bundles, file.text, RECORD_MAX, &text, &length, err)) {
		error_prefix(err, "store %s", store->path);
		return NULL;
	}
	struct store_reference *reference =
		table_parse(&store_reference_type, text, length, &problems);
	if (!reference)
		problems_to_error(&problems, file.text, err);
	problems_finish(&problems);
	return reference;
}

void store_reference_free(struct store_reference *reference)
{
	table_free(&store_reference_type, reference);
}

int store_reference_remove(struct store *store, const char *name, struct error *err)
{
	if (unlinkat(store->bundles, file_of(name).text, 0) && errno != ENOENT)
		return error_errno(err, errno, "store %s: remove reference %s", store->path, name);
	return 0;
}

void store_reference_label(const char *name, char ret[STORE_LABEL_MAX])
{
	snprintf(ret, STORE_LABEL_MAX, "imgtool:%s", name);
}

/* Its directory may have been removed by hand under a container that still runs. */
static int is_mounted(const char *name, struct error *err)
{
	char label[STORE_LABEL_MAX];

	store_reference_label(name, label);
	int here = mounts_have(label, err);
	return here ? here : mounts_find_container(label) != 0;
}

bool store_reference_is_at(const struct store *store, const char *name,
			   const struct store_reference *reference)
{
	owned_fd bundle = open(reference->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error error = { 0 };

	if (bundle < 0)
		return errno != ENOENT && errno != ENOTDIR;
	struct bundle_record *record = record_read(bundle, &error);
	/* Unreadable is not gone. */
	if (!record)
		return error.code != ENOENT;
	bool names = record->store && strcmp(record->store, store->path) == 0 &&
		     strcmp(record->reference, name) == 0;
	record_free(record);
	return names;
}

int store_reference_is_alive(const struct store *store, const char *name,
			     const struct store_reference *reference, struct error *err)
{
	struct stat st;

	if (fstatat(store->bundles, file_of(name).text, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "store %s: reference %s", store->path, name);
	if (st.st_nlink > 1 || store_reference_is_at(store, name, reference))
		return 1;
	return is_mounted(name, err);
}

int store_references(const struct store *store,
		     int (*each)(const char *name, void *context, struct error *err), void *context,
		     struct error *err)
{
	owned_fd again = openat(store->bundles, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	if (!dir)
		return error_errno(err, errno, "store %s: read bundles", store->path);
	take_fd(&again);
	while (errno = 0, (entry = readdir(dir))) {
		char name[RECORD_REFERENCE_LENGTH + 1];
		snprintf(name, sizeof name, "%.*s", RECORD_REFERENCE_LENGTH, entry->d_name);
		/* Others are files in the making. */
		if (record_is_reference(name) &&
		    strcmp(entry->d_name + RECORD_REFERENCE_LENGTH, SUFFIX) == 0 &&
		    each(name, context, err))
			return -1;
	}
	return errno ? error_errno(err, errno, "store %s: read bundles", store->path) : 0;
}
