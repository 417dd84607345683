/* What runs, as whom, where, and what the configuration says about the image. */
#include "tests/unit/conversion.h"

static void entrypoint_and_cmd_are_joined(void **state)
{
	(void)state;
	convert("\"Entrypoint\": [\"/e\", \"-e\"], \"Cmd\": [\"c\", \"\"]");
	assert_words(&converted->process->args, "/e -e c ");
	convert("\"Entrypoint\": [\"/e\"]");
	assert_words(&converted->process->args, "/e");
	convert("\"Entrypoint\": null, \"Cmd\": [\"/c\", \"d\"]");
	assert_words(&converted->process->args, "/c d");
}

static void arguments_replace_cmd(void **state)
{
	(void)state;
	options.args = WORDS("a", "b").v;
	convert("\"Entrypoint\": [\"/e\", \"-e\"], \"Cmd\": [\"c\"]");
	assert_words(&converted->process->args, "/e -e a b");
	convert("\"Cmd\": [\"c\"]");
	assert_words(&converted->process->args, "a b");
}

static void an_entrypoint_of_the_caller_drops_both(void **state)
{
	(void)state;
	options.entrypoint = "/mine with blanks";
	convert("\"Entrypoint\": [\"/e\", \"-e\"], \"Cmd\": [\"c\"]");
	assert_int_equal(converted->process->args.n, 1);
	assert_words(&converted->process->args, "/mine with blanks");
	options.args = WORDS("a").v;
	convert("\"Entrypoint\": [\"/e\", \"-e\"], \"Cmd\": [\"c\"]");
	assert_words(&converted->process->args, "/mine with blanks a");
	options.entrypoint = "";
	convert("\"Entrypoint\": [\"/e\", \"-e\"], \"Cmd\": [\"c\"]");
	assert_words(&converted->process->args, "a");
}

static void nothing_to_run_is_an_error(void **state)
{
	(void)state;
	convert_fails("", "does not say what to run; name a program");
	convert_fails("\"Cmd\": [\"\"]", "empty name");
	options.entrypoint = "";
	convert_fails("\"Entrypoint\": [\"/e\"], \"Cmd\": [\"c\"]", "leaves nothing to run");
}

static void the_environment_comes_from_all_sides(void **state)
{
	(void)state;
	make_text(in_sandbox("variables"), "B=file\nC=file\nD=file\n");
	options.env_files = WORDS(in_sandbox("variables"));
	options.hostname = "web";
	options.tty = true;
	convert("\"Cmd\": [\"/x\"], \"Env\": [\"A=image\", \"B=image\", \"C=image\"]");
	assert_words(&converted->process->env,
		     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
		     "HOSTNAME=web TERM=xterm A=image B=file C=file D=file HOME=/root");
}

static void the_callers_variables_win(void **state)
{
	(void)state;
	options.env = WORDS("A=mine", "HOME=/mine", "PATH=/mine");
	convert("\"Cmd\": [\"/x\"], \"Env\": [\"A=image\", \"HOME=/image\", \"PATH=/image\"]");
	assert_words(&converted->process->env, "PATH=/mine A=mine HOME=/mine");
	options.env = (struct string_list){ 0 };
	convert("\"Cmd\": [\"/x\"], \"Env\": [\"HOME=/image\"], \"User\": \"app\"");
	assert_words(
		&converted->process->env,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/image");
}

static void the_user_is_the_images_or_the_callers(void **state)
{
	(void)state;
	convert("\"Cmd\": [\"/x\"], \"User\": \"app\"");
	assert_int_equal(converted->process->user->uid, 1000);
	assert_int_equal(converted->process->user->gid, 1001);
	assert_int_equal(converted->process->user->additional_gids.n, 2);
	assert_int_equal(converted->process->user->additional_gids.v[1], 2000);
	options.user = "5:6";
	convert("\"Cmd\": [\"/x\"], \"User\": \"nobody\"");
	assert_int_equal(converted->process->user->uid, 5);
	assert_int_equal(converted->process->user->gid, 6);
	assert_int_equal(converted->process->user->additional_gids.n, 0);
	options.user = "4294967296";
	convert_fails("\"Cmd\": [\"/x\"]", "--user: user '4294967296' is out of range");
}

static void the_user_of_a_hostile_image(void **state)
{
	static const char *const users[] = { "4294967296", "4294967295", "2147483648", "-1",
					     "nobody",	   "0\\n0",	 ":0" };

	(void)state;
	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		char *config = text_format("\"Cmd\": [\"/x\"], \"User\": \"%s\"", users[i]);

		convert_fails(config, "image: User: user '");
		free(config);
	}
	convert_fails("\"Cmd\": [\"/x\"], \"User\": \"0:4294967296\"", "out of range");
}

static void a_user_namespace_must_have_the_user(void **state)
{
	struct id_mapping own = { 0, 1000, 1 }, rest = { 1, 100000, 1500 };
	struct id_mapping *ids[] = { &own, &rest, NULL };

	(void)state;
	options.uid_mappings = options.gid_mappings = (struct id_mapping_list){ ids, 1 };
	convert_plain();
	assert_int_equal(converted->process->user->uid, 0);
	assert_int_equal(converted->process->user->additional_gids.n, 0);
	assert_int_equal(notices.n, 0);
	convert_fails("\"Cmd\": [\"/x\"], \"User\": \"app\"",
		      "user 1000 and group 1001 are not in the container's user namespace");
	options.uid_mappings.n = options.gid_mappings.n = 2;
	convert("\"Cmd\": [\"/x\"], \"User\": \"app\"");
	assert_int_equal(converted->process->user->uid, 1000);
	assert_int_equal(converted->process->user->additional_gids.n, 1);
	assert_int_equal(converted->process->user->additional_gids.v[0], 1001);
	assert_int_equal(notices.n, 1);
	assert_non_null(strstr(notices.v[0], "1 supplementary groups are left out"));
	options.rootless = true;
	convert("\"Cmd\": [\"/x\"], \"User\": \"app\"");
	assert_int_equal(converted->process->user->additional_gids.n, 0);
	rest.size = 2000;
	convert("\"Cmd\": [\"/x\"], \"User\": \"app\"");
	assert_int_equal(converted->process->user->additional_gids.n, 2);
	assert_int_equal(notices.n, 0);
	rest.size = 1000;
	convert_fails("\"Cmd\": [\"/x\"], \"User\": \"app\"", "--user 0");
}

static void the_working_directory_is_absolute(void **state)
{
	(void)state;
	convert_plain();
	assert_string_equal(converted->process->cwd, "/");
	convert("\"Cmd\": [\"/x\"], \"WorkingDir\": \"/a/../b/\"");
	assert_string_equal(converted->process->cwd, "/a/../b/");
	convert("\"Cmd\": [\"/x\"], \"WorkingDir\": \"srv/app\"");
	assert_string_equal(converted->process->cwd, "/srv/app");
	convert_fails("\"Cmd\": [\"/x\"], \"WorkingDir\": \"/a\\u001b[2J\"",
		      "image: WorkingDir: control character");
	char *config = text_format("\"Cmd\": [\"/x\"], \"WorkingDir\": \"/%04095d\"", 0);
	convert_fails(config, "image: WorkingDir: the path has more than 4095 bytes");
	free(config);
	options.workdir = "/mine";
	convert("\"Cmd\": [\"/x\"], \"WorkingDir\": \"/a\"");
	assert_string_equal(converted->process->cwd, "/mine");
	options.workdir = "mine";
	option_fails("--workdir 'mine' is not an absolute path");
}

static void terminal_and_host_name(void **state)
{
	(void)state;
	convert_plain();
	assert_false(converted->process->terminal);
	assert_null(converted->hostname);
	options.tty = true;
	options.hostname = "web-1.example";
	convert_plain();
	assert_true(converted->process->terminal);
	assert_string_equal(converted->hostname, "web-1.example");
	options.hostname = "a b";
	option_fails("--hostname 'a b' is not a host name");
	options.hostname = "-a";
	option_fails("is not a host name");
	options.hostname = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	option_fails("hostname: 65 bytes");
}

static const char *annotation(const char *key)
{
	return string_map_get(&converted->annotations, key);
}

static void the_image_is_described(void **state)
{
	(void)state;
	convert_with(
		"\"Cmd\": [\"/x\"], \"StopSignal\": \"SIGRTMIN+3\","
		"\"ExposedPorts\": {\"80/tcp\": {}, \"53/udp\": {}}",
		"\"variant\": \"v8\", \"os.version\": \"1.2\", \"os.features\": [\"a\", \"b\"],"
		"\"author\": \"Me <me@example.org>\", \"created\": \"2020-01-02T03:04:05Z\",");
	assert_non_null(converted);
#define ASSERT_ANNOTATION(name, value) \
	assert_string_equal(annotation("org.opencontainers.image." name), value)
	ASSERT_ANNOTATION("os", "linux");
	ASSERT_ANNOTATION("architecture", "amd64");
	ASSERT_ANNOTATION("variant", "v8");
	ASSERT_ANNOTATION("os.version", "1.2");
	ASSERT_ANNOTATION("os.features", "a,b");
	ASSERT_ANNOTATION("author", "Me <me@example.org>");
	ASSERT_ANNOTATION("created", "2020-01-02T03:04:05Z");
	ASSERT_ANNOTATION("stopSignal", "SIGRTMIN+3");
	ASSERT_ANNOTATION("exposedPorts", "80/tcp,53/udp");
	convert_plain();
	assert_int_equal(converted->annotations.n, 2);
}

static void labels_win_and_the_caller_wins_over_them(void **state)
{
	(void)state;
	options.annotations = WORDS("b=mine", "c=x=y", "run.oci.handler=krun");
	convert("\"Cmd\": [\"/x\"], \"Labels\": {\"org.opencontainers.image.os\": \"plan9\","
		"\"a\": \"\", \"b\": \"image\"}");
	assert_string_equal(annotation("org.opencontainers.image.os"), "plan9");
	assert_string_equal(annotation("a"), "");
	assert_string_equal(annotation("b"), "mine");
	assert_string_equal(annotation("c"), "x=y");
	assert_string_equal(annotation("run.oci.handler"), "krun");
	assert_int_equal(notices.n, 0);
	options.annotations = WORDS("novalue");
	option_fails("expected KEY=VALUE");
	options.annotations = WORDS("=value");
	option_fails("expected KEY=VALUE");
}

static void labels_give_no_orders(void **state)
{
	static const char *const keys[] = {
		"run.oci.handler",
		"run.oci.hooks.stdout",
		"run.oci.seccomp.receiver",
		"org.systemd.property.ExecStopPost",
		"org.criu.config",
		"krun.cpus",
		"module.wasm.image/variant",
		"io.podman.annotations.autoremove",
		"io.kubernetes.cri-o.UnifiedCgroup",
		"containerd.io/restart.loguri",
		"nerdctl/log-uri",
		"io.katacontainers.config.hypervisor.path",
		"dev.gvisor.flag.debug-log",
		"cdi.k8s.io/gpu",
	};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char *config = text_format("\"Cmd\": [\"/x\"], \"Labels\": {\"%s\": \"x\","
					   "\"harmless\": \"y\"}",
					   keys[i]);

		convert(config);
		free(config);
		if (annotation(keys[i]))
			fail_msg("%s", keys[i]);
		assert_string_equal(annotation("harmless"), "y");
		assert_int_equal(notices.n, 1);
		assert_non_null(strstr(notices.v[0], keys[i]));
	}
	convert("\"Cmd\": [\"/x\"], \"Labels\": {\"run.oci.\\n\\u001b\": \"x\"}");
	assert_false(text_has_control(notices.v[0]));
	convert_fails("\"Cmd\": [\"/x\"], \"Labels\": {\"\": \"x\"}", "a label has no name");
}

static void another_system_is_refused(void **state)
{
	struct problems problems = { 0 };
	static const char text[] = "{\"architecture\": \"amd64\", \"os\": \"windows\","
				   "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}}";
	struct image_config *image = table_parse(&image_config_type, text, strlen(text), &problems);

	(void)state;
	assert_non_null(image);
	options.args = WORDS("/x").v;
	assert_null(convert_image(image, &options, image_root, &notices, &conversion_error));
	assert_non_null(strstr(conversion_error.msg, "another system than Linux"));
	table_free(&image_config_type, image);
}

static void an_image_without_config_runs_what_the_caller_says(void **state)
{
	struct problems problems = { 0 };
	static const char text[] = "{\"architecture\": \"amd64\", \"os\": \"linux\","
				   "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}}";
	struct image_config *image = table_parse(&image_config_type, text, strlen(text), &problems);

	(void)state;
	options.args = WORDS("/x", "y").v;
	converted = convert_image(image, &options, image_root, &notices, &conversion_error);
	assert_non_null(converted);
	assert_words(&converted->process->args, "/x y");
	assert_int_equal(converted->process->user->uid, 0);
	table_free(&image_config_type, image);
}

static void too_much_of_anything_is_refused(void **state)
{
	struct buffer config = { 0 };

	(void)state;
	buffer_print(&config, "\"Cmd\": [\"/x\"], \"Labels\": {");
	for (int i = 0; i <= 10000; i++)
		buffer_print(&config, "%s\"l%d\": \"\"", i ? "," : "", i);
	buffer_print(&config, "}");
	convert_fails(config.text, "Labels has 10001 entries");
	buffer_finish(&config);
	buffer_print(&config, "\"Cmd\": [\"/x\"], \"Env\": [");
	for (int i = 0; i <= 10000; i++)
		buffer_print(&config, "%s\"E%d=\"", i ? "," : "", i);
	buffer_print(&config, "]");
	convert_fails(config.text, "Env has 10001 entries");
	buffer_finish(&config);
	buffer_print(&config, "\"Cmd\": [\"/x\"], \"Volumes\": {");
	for (int i = 0; i <= 1000; i++)
		buffer_print(&config, "%s\"/v%d\": {}", i ? "," : "", i);
	buffer_print(&config, "}");
	convert_fails(config.text, "Volumes has 1001 entries");
	buffer_finish(&config);
}

/* The result is what any runtime reads: it survives being printed and parsed. */
static void the_result_is_valid(void **state)
{
	struct buffer text = { 0 };
	struct problems problems = { 0 };

	(void)state;
	options.tty = true;
	options.memory = "64m";
	options.volumes = WORDS("/a:/b");
	convert("\"Cmd\": [\"/x\"], \"User\": \"app\", \"Volumes\": {\"/data\": {}}");
	table_print(&config_type, converted, 4, &text);
	struct config *parsed = config_parse(text.text, text.length, &problems);
	assert_non_null(parsed);
	assert_string_equal(parsed->root->path, "rootfs");
	assert_string_equal(parsed->oci_version, "1.0.2");
	config_free(parsed);
	buffer_finish(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(entrypoint_and_cmd_are_joined),
		CASE(arguments_replace_cmd),
		CASE(an_entrypoint_of_the_caller_drops_both),
		CASE(nothing_to_run_is_an_error),
		CASE(the_environment_comes_from_all_sides),
		CASE(the_callers_variables_win),
		CASE(the_user_is_the_images_or_the_callers),
		CASE(the_user_of_a_hostile_image),
		CASE(a_user_namespace_must_have_the_user),
		CASE(the_working_directory_is_absolute),
		CASE(terminal_and_host_name),
		CASE(the_image_is_described),
		CASE(labels_win_and_the_caller_wins_over_them),
		CASE(labels_give_no_orders),
		CASE(another_system_is_refused),
		CASE(an_image_without_config_runs_what_the_caller_says),
		CASE(too_much_of_anything_is_refused),
		CASE(the_result_is_valid),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
