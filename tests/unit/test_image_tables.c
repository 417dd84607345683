/* The tables of the image formats on documents as Docker, BuildKit, umoci and skopeo write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/image.h"

static void *parse(const struct type *type, const char *text)
{
	struct problems problems = { 0 };
	void *object = table_parse(type, text, strlen(text), &problems);

	if (!object)
		fail_msg("%s", problems.list.n ? problems.list.v[0] : "no problem told");
	return object;
}

/* Docker writes every field of its struct, with null for what is not set. */
static const char docker_config[] =
	"{\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":"
	"\"\",\"AttachStdin\":false,"
	"\"ExposedPorts\":{\"80/tcp\":{},\"53/"
	"udp\":null},\"Tty\":false,\"OpenStdin\":false,\"StdinOnce\":false,"
	"\"Env\":[\"PATH=/bin\",\"EMPTY=\"],\"Cmd\":[\"/bin/sh\",\"-c\",\"echo "
	"\\\"$A\\\"\"],\"Healthcheck\":{\"Test\":[\"NONE\"]},"
	"\"ArgsEscaped\":true,\"Image\":\"sha256:1\",\"Volumes\":{\"/"
	"data\":{}},\"WorkingDir\":\"\",\"Entrypoint\":null,"
	"\"OnBuild\":null,\"Labels\":{\"a\":\"\",\"b\":\"x\"},\"StopSignal\":\"SIGQUIT\","
	"\"StopTimeout\":10,\"Shell\":[\"/bin/sh\"]},"
	"\"container\":\"abc\",\"container_config\":{\"Cmd\":null},\"created\":\"2024-01-02T03:04:"
	"05.678Z\","
	"\"docker_version\":\"20.10.24\",\"history\":[{\"created\":\"2024-01-02T03:04:05Z\","
	"\"created_by\":\"/bin/sh -c #(nop)\","
	"\"empty_layer\":true},{\"created\":\"2024-01-02T03:04:05Z\",\"comment\":\"buildkit."
	"dockerfile.v0\"}],"
	"\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:1\",\"sha256:2\"]}"
	",\"variant\":\"v8\","
	"\"os.version\":\"10.0\",\"os.features\":[\"win32k\"]}";

static void a_config_of_docker(void **unused)
{
	struct image_config *config = parse(&image_config_type, docker_config);
	const struct image_process *process = config->config;

	(void)unused;
	assert_string_equal(config->architecture, "amd64");
	assert_string_equal(config->variant, "v8");
	assert_string_equal(config->os_version, "10.0");
	assert_string_equal(config->os_features.v[0], "win32k");
	assert_null(process->user);
	assert_null(process->working_dir);
	assert_int_equal(process->entrypoint.n, 0);
	assert_int_equal(process->cmd.n, 3);
	assert_string_equal(process->env.v[1], "EMPTY=");
	assert_int_equal(process->exposed_ports.n, 2);
	assert_string_equal(process->exposed_ports.v[1]->key, "53/udp");
	assert_string_equal(process->volumes.v[0]->key, "/data");
	assert_string_equal(string_map_get(&process->labels, "a"), "");
	assert_string_equal(process->stop_signal, "SIGQUIT");
	assert_int_equal(config->history.n, 2);
	assert_true(config->history.v[0]->empty_layer);
	assert_false(config->history.v[1]->empty_layer);
	assert_int_equal(config->rootfs->diff_ids.n, 2);
	table_free(&image_config_type, config);
}

/* A value beside {} and null says nothing either. */
static void the_keys_of_a_set_alone_count(void **unused)
{
	struct image_process *process = NULL;
	struct image_config *config =
		parse(&image_config_type,
		      "{\"architecture\":\"a\",\"os\":\"b\",\"rootfs\":{\"type\":\"layers\"},"
		      "\"config\":{\"ExposedPorts\":{\"1\":{\"x\":1},"
		      "\"2\":true},\"Volumes\":null,\"Labels\":null,\"Env\":null,\"Cmd\":[]}}");

	(void)unused;
	process = config->config;
	assert_int_equal(process->exposed_ports.n, 2);
	assert_int_equal(process->volumes.n, 0);
	assert_int_equal(process->labels.n, 0);
	table_free(&image_config_type, config);
}

static void sets_are_printed_as_sets(void **unused)
{
	struct image_config *config = parse(
		&image_config_type, "{\"architecture\":\"a\",\"os\":\"b\",\"config\":{\"Volumes\":{"
				    "\"/v\":null}},\"rootfs\":{\"type\":\"layers\"}}");
	struct buffer text = { 0 };

	(void)unused;
	table_print(&image_config_type, config, 0, &text);
	assert_string_equal(
		text.text,
		"{\"architecture\":\"a\",\"os\":\"b\",\"config\":{\"Volumes\":{\"/v\":{}}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
	buffer_finish(&text);
	table_free(&image_config_type, config);
}

/* buildx: an attestation beside the image. */
static const char buildx_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/"
	"vnd.oci.image.index.v1+json\",\"manifests\":["
	"{\"mediaType\":\"application/"
	"vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:1\",\"size\":480,"
	"\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}},"
	"{\"mediaType\":\"application/"
	"vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:2\",\"size\":566,"
	"\"annotations\":{\"vnd.docker.reference.digest\":\"sha256:1\",\"vnd.docker.reference."
	"type\":\"attestation-manifest\"},"
	"\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"}},"
	"{\"mediaType\":\"application/"
	"vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:3\",\"size\":0,\"urls\":null,"
	"\"annotations\":null,\"platform\":null,\"data\":\"e30=\",\"artifactType\":\"application/"
	"x\"}],"
	"\"annotations\":{\"a\":\"b\"}}";

static void an_index_of_buildx(void **unused)
{
	struct image_index *index = parse(&image_index_type, buildx_index);

	(void)unused;
	assert_int_equal(index->manifests.n, 3);
	assert_string_equal(index->manifests.v[0]->platform->variant, "v8");
	assert_string_equal(index->manifests.v[1]->platform->os, "unknown");
	assert_null(index->manifests.v[2]->platform);
	assert_string_equal(index->manifests.v[2]->data, "e30=");
	assert_int_equal(index->manifests.v[2]->annotations.n, 0);
	table_free(&image_index_type, index);
}

static void a_document_tells_its_kind(void **unused)
{
	struct image_document *document = parse(&image_document_type, buildx_index);

	(void)unused;
	assert_true(document->schema_version.set);
	assert_non_null(document->manifests);
	assert_null(document->layers);
	assert_null(document->config);
	assert_null(document->fs_layers);
	table_free(&image_document_type, document);
	document = parse(&image_document_type, "{\"layers\":[],\"config\":{},\"manifests\":null}");
	assert_false(document->schema_version.set);
	assert_string_equal(document->layers, "[]");
	assert_string_equal(document->config, "{}");
	assert_null(document->manifests);
	table_free(&image_document_type, document);
}

static void sizes_have_a_range(void **unused)
{
	static const char *const bad[] = {
		"-1", "9223372036854775808", "1.5", "1e3", "\"1\"", "null", "true"
	};

	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[200];
		struct problems problems = { 0 };

		snprintf(text, sizeof text,
			 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a\",\"digest\":"
			 "\"b\",\"size\":%s}]}",
			 bad[i]);
		if (table_parse(&image_index_type, text, strlen(text), &problems))
			fail_msg("size %s was taken", bad[i]);
		assert_non_null(strstr(problems.list.v[0], "manifests[0].size"));
		problems_finish(&problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_config_of_docker),
		cmocka_unit_test(the_keys_of_a_set_alone_count),
		cmocka_unit_test(sets_are_printed_as_sets),
		cmocka_unit_test(an_index_of_buildx),
		cmocka_unit_test(a_document_tells_its_kind),
		cmocka_unit_test(sizes_have_a_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
