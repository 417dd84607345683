#include "imgtool/image/choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

struct candidate {
	char *digest, *media_type, *platform;
	int64_t size;
	const struct descriptor *top;
	unsigned score;
	bool read; /* for its platform */
};

struct choosing {
	const struct image_files *files;
	const struct reference *reference;
	const struct wanted_platform *platform;
	struct candidate *v;
	size_t n, capacity;
	bool any_wanted;  /* the tag or digest exists */
	char *other_type; /* a media type that was there in place of a manifest's */
};

static void choosing_finish(struct choosing *choosing)
{
	for (size_t i = 0; i < choosing->n; i++) {
		free(choosing->v[i].digest);
		free(choosing->v[i].media_type);
		free(choosing->v[i].platform);
	}
	free(choosing->v);
	free(choosing->other_type);
}

static struct candidate *add_candidate(struct choosing *choosing,
				       const struct found_manifest *found, struct error *err)
{
	const struct descriptor *descriptor = found_descriptor(found);

	if (choosing->n == choosing->capacity) {
		size_t capacity = choosing->capacity ? 2 * choosing->capacity : 16;
		struct candidate *v = reallocarray(choosing->v, capacity, sizeof *v);

		if (!v) {
			error_errno(err, ENOMEM, "index");
			return NULL;
		}
		choosing->v = v;
		choosing->capacity = capacity;
	}
	struct candidate *candidate = &choosing->v[choosing->n++];
	*candidate = (struct candidate){
		.digest = strdup(descriptor->digest),
		.media_type = strdup(descriptor->media_type),
		.size = descriptor->size,
		.top = found->path[0],
	};
	if (candidate->digest && candidate->media_type)
		return candidate;
	error_errno(err, ENOMEM, "index");
	return NULL;
}

static int note_other(struct choosing *choosing, const char *media_type, struct error *err)
{
	free(choosing->other_type);
	choosing->other_type = strdup(media_type);
	return choosing->other_type ? 0 : error_errno(err, ENOMEM, "index");
}

static int set_platform(const struct choosing *choosing, struct candidate *candidate,
			const struct platform *platform, struct error *err)
{
	candidate->score = platform_score(choosing->platform, platform);
	candidate->platform =
		platform_text(platform->os, platform->architecture, platform->variant);
	return candidate->platform ? 0 : error_errno(err, ENOMEM, "index");
}

/* What is no image, such as a signature beside one, has no platform and suits nobody. */
static int set_platform_of_config(struct choosing *choosing, struct candidate *candidate,
				  const struct descriptor *descriptor, struct error *err)
{
	OWNED(owned_manifest_free)
	struct image_manifest *manifest =
		image_manifest_read(choosing->files, descriptor, NULL, err);

	if (!manifest)
		return -1;
	if (document_kind(manifest->config->media_type) != DOCUMENT_CONFIG)
		return note_other(choosing, manifest->config->media_type, err);
	OWNED(owned_config_free)
	struct image_config *config = image_config_read(choosing->files, manifest, NULL, err);
	if (!config)
		return -1;
	const struct platform platform = { .os = config->os,
					   .architecture = config->architecture,
					   .variant = config->variant };
	return set_platform(choosing, candidate, &platform, err);
}

/* A manifest that several entries name is read once. */
static const struct candidate *find_read(const struct choosing *choosing, const char *digest)
{
	for (size_t i = 0; i < choosing->n; i++)
		if (choosing->v[i].read && strcmp(choosing->v[i].digest, digest) == 0)
			return &choosing->v[i];
	return NULL;
}

static int consider(const struct found_manifest *found, void *context, struct error *err)
{
	struct choosing *choosing = context;
	const struct descriptor *descriptor = found_descriptor(found);

	choosing->any_wanted = true;
	if (document_kind(descriptor->media_type) != DOCUMENT_MANIFEST)
		return note_other(choosing, descriptor->media_type, err);
	if (!descriptor->platform && find_read(choosing, descriptor->digest))
		return 0;
	struct candidate *candidate = add_candidate(choosing, found, err);
	if (!candidate)
		return -1;
	if (descriptor->platform)
		return set_platform(choosing, candidate, descriptor->platform, err);
	candidate->read = true;
	return set_platform_of_config(choosing, candidate, descriptor, err);
}

/* "a, b, c and 7 more", each name once. */
static void print_names(const struct string_list *names, struct buffer *to)
{
	const size_t most = 12;

	for (size_t i = 0; i < names->n && i < most; i++)
		buffer_print(to, "%s%s", i ? ", " : "", names->v[i]);
	if (names->n > most)
		buffer_print(to, " and %zu more", names->n - most);
}

static void add_once(struct string_list *names, const char *name)
{
	if (name && !string_list_has(names, name))
		string_list_add(names, name);
}

static int tell_names(const struct string_list *names, const char *words, struct error *err)
{
	struct buffer text = { 0 };

	print_names(names, &text);
	error_set(err, ENOENT, "%s%s", words, text.text ? text.text : "nothing");
	buffer_finish(&text);
	return -1;
}

static int tag_not_found(const struct image_index *index, const char *tag, struct error *err)
{
	OWNED(string_list_finish) struct string_list names = { 0 };

	for (size_t i = 0; i < index->manifests.n && names.n < 100; i++)
		add_once(&names, image_full_name(index->manifests.v[i]));
	tell_names(&names, "there is ", err);
	return error_prefix(err, "no image is named '%s'", tag);
}

static int not_found(const struct choosing *choosing, const struct image_index *index,
		     struct error *err)
{
	const struct reference *reference = choosing->reference;

	if (!choosing->any_wanted && reference->digest)
		return error_set(err, ENOENT, "index.json leads to nothing with the digest %s",
				 reference->digest);
	if (!choosing->any_wanted && reference->tag)
		return tag_not_found(index, reference->tag, err);
	if (choosing->other_type && document_kind(choosing->other_type) == DOCUMENT_SCHEMA1)
		return error_set(err, ENOTSUP,
				 "the manifest is of Docker's schema 1, which is not supported");
	if (choosing->other_type)
		return error_set(err, ENOTSUP, "there is no image, only media type '%.100s'",
				 choosing->other_type);
	return error_set(err, ENOENT, "there is no image in it");
}

static int unsuitable(const struct choosing *choosing, struct error *err)
{
	const struct wanted_platform *wanted = choosing->platform;
	OWNED(string_list_finish) struct string_list platforms = { 0 };
	owned_string text = platform_text(wanted->os, wanted->architecture, wanted->variant);

	for (size_t i = 0; i < choosing->n && platforms.n < 100; i++)
		add_once(&platforms, choosing->v[i].platform);
	tell_names(&platforms, "there is ", err);
	return error_prefix(err, "no image is for %s", text ? text : "this platform");
}

/* All that suit equally well, of different content and below different entries of index.json. */
static int ambiguous(const struct choosing *choosing, unsigned score, struct error *err)
{
	OWNED(string_list_finish) struct string_list names = { 0 };

	for (size_t i = 0; i < choosing->n && names.n < 100; i++) {
		const struct candidate *candidate = &choosing->v[i];
		const char *name = image_full_name(candidate->top);

		if (candidate->score == score)
			add_once(&names, name ? name : candidate->top->digest);
	}
	tell_names(&names, "several images could be meant: ", err);
	return error_hint(err, "name one of them");
}

static int take_best(const struct choosing *choosing, struct image_choice *ret, struct error *err)
{
	struct candidate *best = choosing->v;

	for (size_t i = 1; i < choosing->n; i++)
		if (choosing->v[i].score > best->score)
			best = &choosing->v[i];
	if (!best->score)
		return unsuitable(choosing, err);
	for (size_t i = 0; i < choosing->n; i++) {
		const struct candidate *other = &choosing->v[i];

		if (other->score == best->score && other->top != best->top &&
		    strcmp(other->digest, best->digest) != 0)
			return ambiguous(choosing, best->score, err);
	}
	*ret = (struct image_choice){ .descriptor.size = best->size, .top = best->top };
	ret->descriptor.media_type = take_pointer(best->media_type);
	ret->descriptor.digest = take_pointer(best->digest);
	return 0;
}

static bool has_images(const struct choosing *choosing)
{
	for (size_t i = 0; i < choosing->n; i++)
		if (choosing->v[i].platform)
			return true;
	return false;
}

int image_choose(const struct image_files *files, const struct image_index *index,
		 const struct reference *reference, const struct wanted_platform *platform,
		 struct image_choice *ret, struct error *err)
{
	OWNED(choosing_finish)
	struct choosing choosing = { .files = files, .reference = reference, .platform = platform };
	const struct manifest_walk walk = {
		.files = files, .reference = reference, .each = consider, .context = &choosing
	};

	if (image_manifests_walk(&walk, index, err))
		return -1;
	return has_images(&choosing) ? take_best(&choosing, ret, err)
				     : not_found(&choosing, index, err);
}

void image_choice_finish(struct image_choice *choice)
{
	free(choice->descriptor.media_type);
	free(choice->descriptor.digest);
	*choice = (struct image_choice){ 0 };
}
