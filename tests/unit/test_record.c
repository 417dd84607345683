/* imgtool.json: written, read again, and refused when someone has made it hostile. */
#include "imgtool/record.h"

#include "tests/unit/sandbox.h"

#include "imgtool/image/digest.h"
#include "spec/base/owned.h"

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REFERENCE "0123456789abcdef0123456789abcdef"

static struct error err;
static int bundle = -1;

static int new_bundle(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "bundle%u", number++);
	make_folder(in_sandbox(name));
	bundle = open(in_sandbox(name), O_RDONLY | O_DIRECTORY);
	return bundle < 0;
}

static int close_bundle(void **state)
{
	(void)state;
	return close(bundle);
}

static void write_text(const char *text)
{
	int fd = openat(bundle, RECORD_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void what_is_written_is_read(void **state)
{
	char *layers[] = { (char *)KEY, (char *)KEY RECORD_ON_LOWER, NULL };
	const struct bundle_record record = { .version = RECORD_VERSION,
					      .image = (char *)"oci:/a b/c:tag",
					      .config_digest = (char *)"sha256:" KEY,
					      .mapped = true,
					      .store = (char *)"/store",
					      .reference = (char *)REFERENCE,
					      .layers = { layers, 2 } };

	(void)state;
	assert_int_equal(record_write(bundle, &record, &err), 0);
	struct bundle_record *read = record_read(bundle, &err);
	assert_non_null(read);
	assert_string_equal(read->image, record.image);
	assert_null(read->manifest_digest);
	assert_true(read->mapped);
	assert_string_equal(read->store, "/store");
	assert_int_equal(read->layers.n, 2);
	assert_string_equal(read->layers.v[1], layers[1]);
	record_free(read);
}

static void refuses(const char *text, const char *said)
{
	write_text(text);
	if (record_read(bundle, &err))
		fail_msg("was taken: %s", text);
	if (!strstr(err.msg, said))
		fail_msg("%s: %s, not: %s", text, err.msg, said);
}

static void hostile_records_are_refused(void **state)
{
#define OVERLAY "\"version\":1,\"store\":\"/s\",\"reference\":\"" REFERENCE "\""
	(void)state;
	refuses("", "imgtool.json");
	refuses("[]", "imgtool.json");
	refuses("{}", "version");
	refuses("{\"version\":2}", "version");
	refuses("{\"version\":1,\"manifestDigest\":\"sha256:../x\"}", "manifestDigest");
	refuses("{\"version\":1,\"configDigest\":\"x\"}", "configDigest");
	refuses("{\"version\":1,\"store\":\"s\"}", "store: no absolute path");
	refuses("{\"version\":1,\"store\":\"/s\"}", "reference");
	refuses("{\"version\":1,\"store\":\"/s\",\"reference\":\"../../../../../../../../../../"
		"etc\"}",
		"reference");
	refuses("{" OVERLAY "}", "layers: 0");
	refuses("{" OVERLAY ",\"layers\":[\"..\"]}", "layers[0]");
	refuses("{" OVERLAY ",\"layers\":[\"" KEY "\",\"" KEY "/..\"]}", "layers[1]");
	refuses("{" OVERLAY ",\"layers\":[\"" KEY "-on-lower/x\"]}", "layers[0]");
	refuses("{" OVERLAY ",\"layers\":[\"" KEY "\\u0000\"]}", "layers[0]");
	refuses("{" OVERLAY ",\"layers\":[5]}", "layers[0]");
}

static void only_a_regular_file_is_read(void **state)
{
	(void)state;
	assert_null(record_read(bundle, &err));
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(symlinkat("/etc/passwd", bundle, RECORD_NAME), 0);
	assert_null(record_read(bundle, &err));
	assert_int_equal(err.code, ELOOP);
	assert_int_equal(unlinkat(bundle, RECORD_NAME, 0), 0);
	assert_int_equal(mkfifoat(bundle, RECORD_NAME, 0600), 0);
	assert_null(record_read(bundle, &err));
	assert_non_null(strstr(err.msg, "no regular file"));
}

static void an_image_is_named_by_its_absolute_path(void **state)
{
	struct image image = { .config_digest = (char *)"sha256:" KEY };
	char expected[700], *before = getcwd(NULL, 0);

	(void)state;
	assert_int_equal(chdir(sandbox), 0);
	make_folder("oci");
	static const char *const names[][2] = { { "oci:oci:tag", "oci:%s/oci:tag" },
						{ "oci:./oci/../oci", "oci:%s/oci" },
						{ "oci", "%s/oci" } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct bundle_record *record = record_of_image(&image, names[i][0], &err);
		assert_string_equal(err.msg, "");
		const char *place = strstr(names[i][1], "%s");
		snprintf(expected, sizeof expected, "%.*s%s%s", (int)(place - names[i][1]),
			 names[i][1], sandbox, place + 2);
		assert_string_equal(record->image, expected);
		record_free(record);
	}
	assert_null(record_of_image(&image, "oci:absent:tag", &err));
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(chdir(before), 0);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, new_bundle, close_bundle),
		cmocka_unit_test_setup_teardown(hostile_records_are_refused, new_bundle,
						close_bundle),
		cmocka_unit_test_setup_teardown(only_a_regular_file_is_read, new_bundle,
						close_bundle),
		cmocka_unit_test_setup_teardown(an_image_is_named_by_its_absolute_path, new_bundle,
						close_bundle),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
