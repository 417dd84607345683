#include "imgtool/image/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/image/digest.h"
#include "spec/base/text.h"

static const struct {
	const char *name;
	enum transport transport;
} transports[] = {
	{ "oci", TRANSPORT_OCI },
	{ "oci-archive", TRANSPORT_OCI_ARCHIVE },
	{ "docker-archive", TRANSPORT_DOCKER_ARCHIVE },
};

static int unknown_transport(const char *text, size_t length, struct error *err)
{
	error_set(err, EINVAL,
		  "transport '%.*s' is not known; known are oci, oci-archive and "
		  "docker-archive",
		  (int)length, text);
	if (text_starts_with(text + length, "://"))
		return error_hint(err, "skopeo copy %s oci:DIR:TAG fetches it", text);
	return error_hint(err, "a directory is oci:DIR[:TAG]");
}

/* Moves *rest behind the transport. A word before a colon is one, unless a slash shows that it is a path. */
static int parse_transport(const char **rest, enum transport *ret, struct error *err)
{
	const char *text = *rest;
	size_t length = strcspn(text, ":/");

	*ret = TRANSPORT_OCI;
	if (text[length] != ':')
		return 0;
	for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
		if (strlen(transports[i].name) != length ||
		    strncmp(transports[i].name, text, length) != 0)
			continue;
		*ret = transports[i].transport;
		*rest = text + length + 1;
		return 0;
	}
	return unknown_transport(text, length, err);
}

/* The "@" of DIR@DIGEST, whose digest has the first colon in it; NULL when there is none. */
static const char *find_digest(const char *text, const char *colon)
{
	static const char *const algorithms[] = { "@sha256", "@sha512" };

	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		size_t length = strlen(algorithms[i]);

		if ((size_t)(colon - text) >= length &&
		    strncmp(colon - length, algorithms[i], length) == 0)
			return colon - length;
	}
	return NULL;
}

/* Docker's word for a name without a tag. A colon before the last slash is that of a registry's port. */
static char *with_docker_tag(const char *name)
{
	const char *slash = strrchr(name, '/');

	return text_format("%s%s", name, strchr(slash ? slash : name, ':') ? "" : ":latest");
}

static int parse_index(const char *text, int64_t *ret)
{
	return text_to_int64(text, ret) || *ret < 0 ? -1 : 0;
}

/* What is behind the colon. */
static int parse_name(const char *name, struct reference *reference, struct error *err)
{
	bool docker = reference->transport == TRANSPORT_DOCKER_ARCHIVE;

	if (!*name)
		return error_set(err, EINVAL, "nothing follows the colon behind '%s'",
				 reference->path);
	if (*name != '@')
		reference->tag = docker ? with_docker_tag(name) : strdup(name);
	else if (!docker && digest_check(name + 1, err))
		return -1;
	else if (!docker)
		reference->digest = strdup(name + 1);
	else if (parse_index(name + 1, &reference->index))
		return error_set(err, EINVAL, "'%s': @ is followed by no number of an image", name);
	if (!reference->tag && !reference->digest && reference->index < 0)
		return error_errno(err, ENOMEM, "reference");
	return 0;
}

static int parse(const char *text, struct reference *reference, struct error *err)
{
	if (parse_transport(&text, &reference->transport, err))
		return -1;
	const char *colon = strchr(text, ':');
	const char *digest = colon && reference->transport != TRANSPORT_DOCKER_ARCHIVE
				     ? find_digest(text, colon)
				     : NULL;
	const char *end = digest ? digest : colon ? colon : text + strlen(text);
	const char *name = digest ? digest : colon ? colon + 1 : NULL;
	if (end == text)
		return error_set(err, EINVAL, "no path is given");
	reference->path = strndup(text, (size_t)(end - text));
	if (!reference->path)
		return error_errno(err, ENOMEM, "reference");
	return name ? parse_name(name, reference, err) : 0;
}

int reference_parse(const char *text, struct reference *ret, struct error *err)
{
	*ret = (struct reference){ .index = -1 };
	if (parse(text, ret, err) == 0)
		return 0;
	reference_finish(ret);
	return error_prefix(err, "image '%s'", text);
}

void reference_finish(struct reference *reference)
{
	free(reference->path);
	free(reference->tag);
	free(reference->digest);
	*reference = (struct reference){ .index = -1 };
}
