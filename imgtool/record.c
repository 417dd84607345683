#include "imgtool/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgtool/image/digest.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/table_fields.h"

static const struct field bundle_record_fields[] = {
	FIELD_INT64(bundle_record, version, "version", REQUIRED, ALWAYS,
		    RANGE(RECORD_VERSION, RECORD_VERSION)),
	FIELD_STRING(bundle_record, image, "image"),
	FIELD_STRING(bundle_record, manifest_digest, "manifestDigest"),
	FIELD_STRING(bundle_record, config_digest, "configDigest"),
	FIELD_BOOL(bundle_record, mapped, "mapped"),
	FIELD_STRING(bundle_record, store, "store"),
	FIELD_STRING(bundle_record, reference, "reference"),
	FIELD_STRING_LIST(bundle_record, layers, "layers"),
};
TYPE(bundle_record);

bool record_is_reference(const char *text)
{
	return strlen(text) == RECORD_REFERENCE_LENGTH &&
	       strspn(text, "0123456789abcdef") == RECORD_REFERENCE_LENGTH;
}

/* A layer's name becomes a component of a path in the store. */
bool record_is_layer(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");

	return (digits == 64 || digits == 128) &&
	       (!text[digits] || strcmp(text + digits, RECORD_ON_LOWER) == 0 ||
		strcmp(text + digits, RECORD_IMPLIED) == 0);
}

static int check_digest(const char *digest, const char *field, struct error *err)
{
	return digest && digest_check(digest, err) ? error_prefix(err, "%s", field) : 0;
}

static int check(const struct bundle_record *record, struct error *err)
{
	if (check_digest(record->manifest_digest, "manifestDigest", err) ||
	    check_digest(record->config_digest, "configDigest", err))
		return -1;
	if (!record->store)
		return 0;
	if (record->store[0] != '/')
		return error_set(err, EINVAL, "store: no absolute path");
	if (!record->reference || !record_is_reference(record->reference))
		return error_set(err, EINVAL, "reference: is not %d hexadecimal digits",
				 RECORD_REFERENCE_LENGTH);
	if (!record->layers.n || record->layers.n > IMAGE_LAYERS_MAX)
		return error_set(err, EINVAL, "layers: %zu of them", record->layers.n);
	for (size_t i = 0; i < record->layers.n; i++)
		if (!record_is_layer(record->layers.v[i]))
			return error_set(err, EINVAL, "layers[%zu]: is no name of a layer", i);
	return 0;
}

struct bundle_record *record_read(int bundle, struct error *err)
{
	struct problems problems = { 0 };
	owned_string text = NULL;
	size_t length;

	/* Not read_file_at: what has that name may be a link or a FIFO by now. */
	owned_fd fd = openat(bundle, RECORD_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 && errno == ENOENT) {
		error_set(err, ENOENT,
			  "there is no " RECORD_NAME " in it, so imgtool has not made this bundle");
		return NULL;
	}
	if (fd < 0 || fstat(fd, &st)) {
		error_errno(err, errno, RECORD_NAME);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		error_set(err, EINVAL, RECORD_NAME ": is no regular file");
		return NULL;
	}
	if (read_all(fd, RECORD_MAX, &text, &length, err)) {
		error_prefix(err, RECORD_NAME);
		return NULL;
	}
	struct bundle_record *record = table_parse(&bundle_record_type, text, length, &problems);
	if (!record)
		problems_to_error(&problems, RECORD_NAME, err);
	else if (check(record, err)) {
		error_prefix(err, RECORD_NAME);
		record_free(record);
		record = NULL;
	}
	problems_finish(&problems);
	return record;
}

int record_write(int bundle, const struct bundle_record *record, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	table_print(&bundle_record_type, record, 4, &text);
	buffer_add(&text, "\n", 1);
	if (text.failed)
		return error_errno(err, ENOMEM, RECORD_NAME);
	return write_file_atomic_at(bundle, RECORD_NAME, text.text, text.length, 0644, err);
}

static const char *behind_transport(const char *name)
{
	static const char *const transports[] = { "oci:", "oci-archive:", "docker-archive:" };

	for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
		if (text_starts_with(name, transports[i]))
			return name + strlen(transports[i]);
	return name;
}

/* "oci:DIR:TAG" with DIR absolute: the bundle may be looked at from another directory. NULL with errno. */
static char *absolute_name(const char *name)
{
	struct reference reference = { 0 };
	char resolved[PATH_MAX];
	char *absolute = NULL;

	if (reference_parse(name, &reference, NULL)) {
		errno = EINVAL;
		return NULL;
	}
	const char *path = behind_transport(name);
	if (realpath(reference.path, resolved))
		absolute = text_format("%.*s%s%s", (int)(path - name), name, resolved,
				       path + strlen(reference.path));
	reference_finish(&reference);
	return absolute;
}

static bool copy_text(char **to, const char *text)
{
	*to = text ? strdup(text) : NULL;
	return *to || !text;
}

struct bundle_record *record_of_image(const struct image *image, const char *name,
				      struct error *err)
{
	struct bundle_record *record = calloc(1, sizeof *record);

	if (!record || !copy_text(&record->manifest_digest, image->manifest_digest) ||
	    !copy_text(&record->config_digest, image->config_digest)) {
		error_errno(err, ENOMEM, RECORD_NAME);
		record_free(record);
		return NULL;
	}
	record->version = RECORD_VERSION;
	record->image = absolute_name(name);
	if (!record->image) {
		error_errno(err, errno, "image %s", name);
		record_free(record);
		return NULL;
	}
	return record;
}

void record_free(struct bundle_record *record)
{
	table_free(&bundle_record_type, record);
}
