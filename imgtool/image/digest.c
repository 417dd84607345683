#include "imgtool/image/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/text.h"

static const struct algorithm {
	const char *prefix;
	const char *name; /* libcrypto's */
	size_t digits;
} algorithms[] = {
	{ "sha256:", "SHA256", 64 },
	{ "sha512:", "SHA512", 128 },
};

struct digest {
	const struct algorithm *algorithm;
	EVP_MD_CTX *context;
	bool failed;
};

static const struct algorithm *algorithm_of(const char *text)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (text_starts_with(text, algorithms[i].prefix))
			return &algorithms[i];
	return NULL;
}

static int unknown_algorithm(const char *text, struct error *err)
{
	return error_set(err, EINVAL, "digest '%.80s': is neither sha256 nor sha512", text);
}

int digest_check(const char *text, struct error *err)
{
	const struct algorithm *algorithm = algorithm_of(text);

	if (!algorithm)
		return unknown_algorithm(text, err);
	const char *digits = text + strlen(algorithm->prefix);
	if (strlen(digits) != algorithm->digits ||
	    strspn(digits, "0123456789abcdef") != algorithm->digits)
		return error_set(err, EINVAL,
				 "digest '%.80s': has not %zu hexadecimal digits in lower case",
				 text, algorithm->digits);
	return 0;
}

struct digest *digest_begin(const char *like, struct error *err)
{
	const struct algorithm *algorithm = algorithm_of(like);

	if (!algorithm) {
		unknown_algorithm(like, err);
		return NULL;
	}
	struct digest *digest = calloc(1, sizeof *digest);
	if (!digest) {
		error_errno(err, ENOMEM, "digest");
		return NULL;
	}
	digest->algorithm = algorithm;
	digest->context = EVP_MD_CTX_new();
	const EVP_MD *md = EVP_get_digestbyname(digest->algorithm->name);
	if (digest->context && md && EVP_DigestInit_ex(digest->context, md, NULL) == 1)
		return digest;
	error_set(err, ENOTSUP, "digest: libcrypto cannot make %s", digest->algorithm->name);
	digest_drop(digest);
	return NULL;
}

void digest_add(struct digest *digest, const void *data, size_t length)
{
	if (EVP_DigestUpdate(digest->context, data, length) != 1)
		digest->failed = true;
}

/* A failure of libcrypto gives a text that no digest equals. */
void digest_end(struct digest *digest, char ret[DIGEST_MAX])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	int used = snprintf(ret, DIGEST_MAX, "%s", digest->algorithm->prefix);

	if (EVP_DigestFinal_ex(digest->context, bytes, &length) != 1 || digest->failed)
		length = 0;
	for (unsigned i = 0; i < length; i++)
		used += snprintf(ret + used, DIGEST_MAX - (size_t)used, "%02x", bytes[i]);
	digest_drop(digest);
}

void digest_drop(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

int digest_of(const char *like, const void *data, size_t length, char ret[DIGEST_MAX],
	      struct error *err)
{
	struct digest *digest = digest_begin(like, err);

	if (!digest)
		return -1;
	digest_add(digest, data, length);
	digest_end(digest, ret);
	return 0;
}

int chain_id(const char *parent, const char *diff_id, char ret[DIGEST_MAX], struct error *err)
{
	char both[2 * DIGEST_MAX];

	if (!parent) {
		if (digest_check(diff_id, err))
			return -1;
		snprintf(ret, DIGEST_MAX, "%s", diff_id);
		return 0;
	}
	int length = snprintf(both, sizeof both, "%s %s", parent, diff_id);
	return digest_of(diff_id, both, (size_t)length, ret, err);
}
