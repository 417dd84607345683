/* Any bytes as what an image consists of: the first byte chooses the document, the archive or the name. Nothing may
 * crash, what is refused must say why, and what is accepted must hold what its reader is promised. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "imgtool/image/archive_header.h"
#include "imgtool/image/archive_spool.h"
#include "imgtool/image/digest.h"
#include "imgtool/image/documents.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void refused_with_words(const void *object, const struct error *err)
{
	must(!object == (err->msg[0] != '\0'));
}

/* What was read comes back the same from its own text. */
static void round_trip(const struct type *type, const void *object)
{
	struct buffer first = { 0 }, second = { 0 };
	struct problems problems = { 0 };

	table_print(type, object, 0, &first);
	void *again = table_parse(type, first.text, first.length, &problems);
	must(again != NULL);
	table_print(type, again, 0, &second);
	must(first.length == second.length && memcmp(first.text, second.text, first.length) == 0);
	table_free(type, again);
	buffer_finish(&first);
	buffer_finish(&second);
}

static void read_index(const char *text, size_t length)
{
	struct error err = { 0 };
	struct image_index *index = image_index_parse(text, length, MEDIA_TYPE_INDEX, &err);

	refused_with_words(index, &err);
	if (!index)
		return;
	for (size_t i = 0; i < index->manifests.n; i++)
		must(index->manifests.v[i]->size >= 0);
	round_trip(&image_index_type, index);
	table_free(&image_index_type, index);
}

static void read_manifest(const char *text, size_t length)
{
	struct error err = { 0 };
	enum compression compression;
	struct image_manifest *manifest =
		image_manifest_parse(text, length, MEDIA_TYPE_MANIFEST, &err);

	refused_with_words(manifest, &err);
	if (!manifest)
		return;
	must(manifest->config != NULL);
	for (size_t i = 0; i < manifest->layers.n; i++)
		layer_compression(manifest->layers.v[i]->media_type, &compression, &err);
	round_trip(&image_manifest_type, manifest);
	table_free(&image_manifest_type, manifest);
}

static void read_config(const char *text, size_t length)
{
	struct error err = { 0 };
	struct image_config *config = image_config_parse(text, length, &err);

	refused_with_words(config, &err);
	if (!config)
		return;
	for (size_t i = 0; i < config->rootfs->diff_ids.n; i++)
		must(digest_check(config->rootfs->diff_ids.v[i], NULL) == 0);
	round_trip(&image_config_type, config);
	table_free(&image_config_type, config);
}

static void read_docker_images(const char *text, size_t length)
{
	struct error err = { 0 };
	struct docker_image_list images;
	int failed = docker_images_parse(text, length, &images, &err);

	must(failed == (err.msg[0] ? -1 : 0));
	for (size_t i = 0; i < images.n; i++) {
		must(images.v[i]->config != NULL);
		round_trip(&docker_image_type, images.v[i]);
	}
	owned_docker_images_free(&images);
}

static int ignore_line(const struct image_line *line, void *context)
{
	(void)context;
	must(line->name && line->digest && line->platform && line->size >= -1);
	return 0;
}

static void check_image(const struct image *image, uint64_t archive_size)
{
	must(image->config && image->config_text && image->config_digest);
	must(image->n_layers == image->config->rootfs->diff_ids.n);
	for (size_t i = 0; i < image->n_layers; i++) {
		const struct layer *layer = &image->layers[i];

		must(layer->blob.fd >= 0 && layer->diff_id);
		must(layer->blob.offset <= archive_size &&
		     layer->blob.size <= archive_size - layer->blob.offset);
	}
}

/* A mutation seldom finds the checksum of a header. */
static void seal_headers(char *text, size_t length)
{
	for (size_t at = 0; at + ARCHIVE_BLOCK <= length; at += ARCHIVE_BLOCK) {
		char *block = text + at, digits[8];
		unsigned sum = 8 * ' ';

		if (memcmp(block + 257, "ustar", 5) != 0)
			continue;
		for (size_t i = 0; i < ARCHIVE_BLOCK; i++)
			sum += i >= 148 && i < 156 ? 0 : (unsigned char)block[i];
		snprintf(digits, sizeof digits, "%06o", sum);
		memcpy(block + 148, digits, 7);
		block[155] = ' ';
	}
}

static int file_of(const char *text, size_t length)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	must(fd >= 0 && write_all(fd, text, length) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void read_archive(const char *text, size_t length, enum transport transport)
{
	struct wanted_platform platform = { "linux", "amd64", NULL };
	owned_string copy = malloc(length + 1);
	struct error err = { 0 };
	struct image image;
	char path[64];

	must(copy != NULL);
	memcpy(copy, text, length);
	seal_headers(copy, length);
	owned_fd fd = file_of(copy, length);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	const struct reference reference = { .transport = transport, .path = path, .index = -1 };
	/* Bombs are for the next function. */
	if (archive_is_compressed(fd))
		return;
	must(image_list(&reference, ignore_line, NULL, &err) == (err.msg[0] ? -1 : 0));
	err = (struct error){ 0 };
	if (image_open(&reference, &platform, &image, &err)) {
		must(err.msg[0] != '\0');
		return;
	}
	check_image(&image, length);
	image_finish(&image);
}

static void decompress(const char *text, size_t length)
{
	const uint64_t max = 1 << 20;
	struct error err = { 0 };
	owned_fd fd = file_of(text, length);
	owned_fd plain = archive_spool(fd, max, &err);

	must((plain < 0) == (err.msg[0] != '\0'));
	must(plain < 0 || lseek(plain, 0, SEEK_END) <= (off_t)max);
}

static void read_names(const char *text, size_t length)
{
	owned_string name = strndup(text, length);
	struct reference reference;
	struct wanted_platform platform;
	struct error err = { 0 };

	must(name != NULL);
	if (reference_parse(name, &reference, &err) == 0) {
		must(reference.path && *reference.path);
		must(!reference.digest || digest_check(reference.digest, NULL) == 0);
		reference_finish(&reference);
	}
	if (platform_parse(name, &platform, &err) == 0)
		must(*platform.os && *platform.architecture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'i':
		read_index(text, size - 1);
		break;
	case 'm':
		read_manifest(text, size - 1);
		break;
	case 'c':
		read_config(text, size - 1);
		break;
	case 'j':
		read_docker_images(text, size - 1);
		break;
	case 'd':
		read_archive(text, size - 1, TRANSPORT_DOCKER_ARCHIVE);
		break;
	case 'o':
		read_archive(text, size - 1, TRANSPORT_OCI_ARCHIVE);
		break;
	case 'z':
		decompress(text, size - 1);
		break;
	default:
		read_names(text, size - 1);
	}
	return 0;
}
