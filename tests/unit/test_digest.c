/* Digests of known texts, and texts that are no digests. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/digest.h"

/* FIPS 180-2, appendices B.1 and C.1. */
#define ABC_256 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_512                                                                   \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void known_texts(void **unused)
{
	char digest[DIGEST_MAX];

	(void)unused;
	assert_int_equal(digest_of("sha256:", "abc", 3, digest, NULL), 0);
	assert_string_equal(digest, ABC_256);
	assert_int_equal(digest_of(ABC_512, "abc", 3, digest, NULL), 0);
	assert_string_equal(digest, ABC_512);
	assert_int_equal(strlen(ABC_512) + 1, DIGEST_MAX);
}

static void pieces_are_as_the_whole(void **unused)
{
	char digest[DIGEST_MAX];
	struct digest *making = digest_begin("sha256:", NULL);

	(void)unused;
	digest_add(making, "a", 1);
	digest_add(making, "", 0);
	digest_add(making, "bc", 2);
	digest_end(making, digest);
	assert_string_equal(digest, ABC_256);
	digest_drop(digest_begin("sha512:", NULL));
	digest_drop(NULL);
}

static void what_is_a_digest(void **unused)
{
	static const char *const bad[] = {
		"",
		"sha256",
		"sha256:",
		"md5:900150983cd24fb0d6963f7d28e17f72",
		"SHA256:ba78",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		"sha256:../../../../../../../../../../../../../../../../../../../../etc/p",
		"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	};

	(void)unused;
	assert_int_equal(digest_check(ABC_256, NULL), 0);
	assert_int_equal(digest_check(ABC_512, NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct error err = { 0 };

		if (digest_check(bad[i], &err) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(err.code, EINVAL);
	}
}

static void an_unknown_algorithm_is_refused(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_null(digest_begin("md5:", &err));
	assert_non_null(strstr(err.msg, "is neither sha256 nor sha512"));
}

/* config.md: ChainID(L₀|L₁) = Digest(ChainID(L₀) + " " + DiffID(L₁)). */
static void a_chain_hangs_on_its_parent(void **unused)
{
	char chain[DIGEST_MAX], expected[DIGEST_MAX];

	(void)unused;
	assert_int_equal(chain_id(NULL, ABC_256, chain, NULL), 0);
	assert_string_equal(chain, ABC_256);
	assert_int_equal(chain_id(ABC_256, ABC_256, chain, NULL), 0);
	assert_int_equal(digest_of("sha256:", ABC_256 " " ABC_256, 2 * strlen(ABC_256) + 1,
				   expected, NULL),
			 0);
	assert_string_equal(chain, expected);
	assert_int_equal(chain_id(NULL, "sha256:../x", chain, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(pieces_are_as_the_whole),
		cmocka_unit_test(what_is_a_digest),
		cmocka_unit_test(an_unknown_algorithm_is_refused),
		cmocka_unit_test(a_chain_hangs_on_its_parent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
