/* From the container's process and the words of the command line, or a process.json, to what exec runs. */
#include "runtime/exec_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

#define CONTAINER_CAPS                                                                             \
	"'capabilities':{'bounding':['CAP_KILL'],'effective':['CAP_KILL'],'permitted':['CAP_KILL'" \
	"],"                                                                                       \
	"'inheritable':['CAP_CHOWN'],'ambient':[]}"
#define CONTAINER                                                                          \
	"'cwd':'/home','args':['/init'],'env':['A=1','PATH=/bin'],'terminal':true,"        \
	"'user':{'uid':5,'gid':6,'additionalGids':[7],'umask':18},'noNewPrivileges':true," \
	"'apparmorProfile':'own-profile','selinuxLabel':'own:label','oomScoreAdj':77,"     \
	"'rlimits':[{'type':'RLIMIT_NOFILE','soft':1,'hard':2}],"                          \
	"'scheduler':{'policy':'SCHED_BATCH','nice':3},"                                   \
	"'ioPriority':{'class':'IOPRIO_CLASS_IDLE','priority':0},"                         \
	"'execCPUAffinity':{'initial':'0','final':'1'}," CONTAINER_CAPS

/* Quotes are written as ' and become real ones. */
static char *json(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; (at = strchr(at, '\'')); at++)
		*at = '"';
	return copy;
}

/* @process: members of its process, or NULL for none. */
static struct config *container(const char *process)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	buffer_print(&text, "{'ociVersion':'1.3.0','root':{'path':'rootfs'}");
	if (process)
		buffer_print(&text, ",'process':{%s}", process);
	buffer_print(&text, "}");
	char *real = json(text.text);
	struct config *config = config_parse(real, strlen(real), &problems);
	if (!config)
		fail_msg("%s\n%s", real, problems.list.v[0]);
	free(real);
	buffer_finish(&text);
	problems_finish(&problems);
	return config;
}

static char *const words[] = { "sh", "-c", "x y", NULL };

static int from_arguments(struct config *config, struct exec_arguments arguments)
{
	if (!arguments.args)
		arguments.args = words;
	err = (struct error){ 0 };
	return exec_process_from_arguments(config, &arguments, &err);
}

static int from_json(struct config *config, const char *text)
{
	char *real = json(text);

	err = (struct error){ 0 };
	int failed = exec_process_from_json(config, "file", real, strlen(real), &err);
	free(real);
	return failed;
}

#define SUCCEEDS(call)                           \
	do {                                     \
		if (call)                        \
			fail_msg("%s", err.msg); \
	} while (0)

static void check_error(const char *text)
{
	assert_int_equal(err.code, EINVAL);
	if (!strstr(err.msg, text))
		fail_msg("\"%s\" and not \"%s\"", err.msg, text);
}

/* A list of strings: one of a single word, for the tables below. */
#define ONE(word) ((struct string_list){ (char *[]){ (word), NULL }, 1 })

static void without_options_it_is_the_container_s_process(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ 0 }));
	const struct process *process = config->process;
	assert_string_equal(process->cwd, "/home");
	assert_int_equal(process->args.n, 3);
	assert_string_equal(process->args.v[2], "x y");
	assert_null(process->args.v[3]);
	assert_int_equal(process->env.n, 2);
	assert_int_equal(process->user->uid, 5);
	assert_int_equal(process->user->gid, 6);
	assert_int_equal(process->user->additional_gids.n, 1);
	assert_int_equal(process->user->umask.value, 18);
	assert_true(process->no_new_privileges);
	assert_string_equal(process->apparmor_profile, "own-profile");
	assert_int_equal(process->oom_score_adj.value, 77);
	assert_int_equal(process->rlimits.n, 1);
	assert_non_null(process->scheduler);
	assert_non_null(process->exec_cpu_affinity);
	assert_true(string_list_has(&process->capabilities->inheritable, "CAP_CHOWN"));
	/* A terminal it has by --tty only. */
	assert_false(process->terminal);
	config_free(config);
}

static void options_take_the_place_of_fields(void **state)
{
	struct config *config = container("'cwd':'/','args':['/init'],'env':['A=1']");

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .cwd = "/other",
								 .tty = true,
								 .no_new_privs = true,
								 .apparmor = "profile",
								 .process_label = "a:b:c",
								 .env = ONE("A=2") }));
	const struct process *process = config->process;
	assert_string_equal(process->cwd, "/other");
	assert_true(process->terminal);
	assert_true(process->no_new_privileges);
	assert_string_equal(process->apparmor_profile, "profile");
	assert_string_equal(process->selinux_label, "a:b:c");
	assert_int_equal(process->env.n, 2);
	/* Behind the container's: the later one wins. */
	assert_string_equal(process->env.v[1], "A=2");
	config_free(config);
}

static void no_new_privileges_cannot_be_taken_back(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .no_new_privs = false }));
	assert_true(config->process->no_new_privileges);
	config_free(config);
}

static void users_are_numbers(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .user = "1000" }));
	assert_int_equal(config->process->user->uid, 1000);
	assert_int_equal(config->process->user->gid, 6); /* as it was */
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .user = "0:2147483647" }));
	assert_int_equal(config->process->user->uid, 0);
	assert_int_equal(config->process->user->gid, 2147483647);
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .user = "007" }));
	assert_int_equal(config->process->user->uid, 7);
	config_free(config);
}

static void anything_else_is_no_user(void **state)
{
	static const char *const texts[] = { "",
					     ":",
					     "root",
					     "1000:",
					     ":1000",
					     "1:2:3",
					     "-1",
					     "1:-1",
					     "0x0",
					     " 0",
					     "0 ",
					     "1e3",
					     "2147483648",
					     "4294967295",
					     "4294967296",
					     "1:4294967296",
					     "18446744073709551616",
					     "99999999999999999999999",
					     "1,2",
					     "+1",
					     "1\n",
					     "1000abc",
					     "1000:group",
					     "٣" };
	struct config *config = container(CONTAINER);

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (from_arguments(config, (struct exec_arguments){ .user = texts[i] }) != -1)
			fail_msg("'%s' is taken for a user", texts[i]);
		check_error("is no id from 0 to 2147483647; names are the business");
	}
	config_free(config);
}

static void groups_are_added(void **state)
{
	char *gids[] = { "8", "2147483647", NULL };
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .additional_gids = { gids, 2 } }));
	const struct uint32_list *ids = &config->process->user->additional_gids;
	assert_int_equal(ids->n, 3);
	assert_int_equal(ids->v[0], 7);
	assert_int_equal(ids->v[1], 8);
	assert_int_equal(ids->v[2], 2147483647);
	config_free(config);
}

static void groups_are_numbers_too(void **state)
{
	char *texts[] = { "", "wheel", "-1", "4294967295", "4294967296", "1,2", "1:2" };
	struct config *config = container(CONTAINER);

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (from_arguments(config, (struct exec_arguments){
						   .additional_gids = ONE(texts[i]) }) != -1)
			fail_msg("'%s' is taken for a group", texts[i]);
		check_error("--additional-gids '");
	}
	config_free(config);
}

static void capabilities_are_added_but_never_inheritable(void **state)
{
	char *names[] = { "CAP_SYS_TIME", "CAP_CHOWN", NULL };
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .capabilities = { names, 2 } }));
	const struct capabilities *caps = config->process->capabilities;
	for (size_t i = 0; i < 2; i++) {
		assert_true(string_list_has(&caps->bounding, names[i]));
		assert_true(string_list_has(&caps->effective, names[i]));
		assert_true(string_list_has(&caps->permitted, names[i]));
	}
	assert_int_equal(caps->inheritable.n, 1);
	/* What the container has inheritable may be ambient: else a user's program would not get it. */
	assert_int_equal(caps->ambient.n, 1);
	assert_string_equal(caps->ambient.v[0], "CAP_CHOWN");
	config_free(config);
}

static void a_container_without_capabilities_gets_those_asked_for(void **state)
{
	struct config *config = container("'cwd':'/','args':['/init']");

	(void)state;
	SUCCEEDS(
		from_arguments(config, (struct exec_arguments){ .capabilities = ONE("CAP_KILL") }));
	const struct capabilities *caps = config->process->capabilities;
	assert_int_equal(caps->bounding.n + caps->effective.n + caps->permitted.n, 3);
	assert_int_equal(caps->inheritable.n + caps->ambient.n, 0);
	config_free(config);
}

static void a_container_without_a_process_starts_from_nothing(void **state)
{
	struct config *config = container(NULL);

	(void)state;
	SUCCEEDS(from_arguments(config, (struct exec_arguments){ .additional_gids = ONE("3") }));
	assert_string_equal(config->process->cwd, "/");
	assert_int_equal(config->process->user->uid, 0);
	assert_int_equal(config->process->user->additional_gids.n, 1);
	assert_null(config->process->capabilities);
	config_free(config);
}

static void wrong_arguments_are_refused(void **state)
{
	static char *const none[] = { NULL }, *const empty[] = { "", NULL };
	struct config *config = container(CONTAINER);

	(void)state;
	assert_int_equal(from_arguments(config, (struct exec_arguments){ .args = none }), -1);
	check_error("exec args cannot be empty");
	assert_int_equal(from_arguments(config, (struct exec_arguments){ .args = empty }), -1);
	check_error("exec: args[0]: must not be empty");
	assert_int_equal(from_arguments(config, (struct exec_arguments){ .cwd = "relative" }), -1);
	check_error("cwd");
	config_free(config);
	config = container(CONTAINER);
	assert_int_equal(from_arguments(config, (struct exec_arguments){ .env = ONE("=x") }), -1);
	check_error("env[2]: a variable needs a name");
	config_free(config);
}

#define BARE "'cwd':'/','args':['/bin/true']"

static void what_a_process_json_leaves_out_is_the_container_s(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_json(config, "{" BARE "}"));
	const struct process *process = config->process;
	assert_true(string_list_has(&process->capabilities->bounding, "CAP_KILL"));
	assert_string_equal(process->apparmor_profile, "own-profile");
	assert_string_equal(process->selinux_label, "own:label");
	assert_int_equal(process->scheduler->nice, 3);
	assert_non_null(process->io_priority);
	assert_string_equal(process->exec_cpu_affinity->final, "1");
	assert_int_equal(process->oom_score_adj.value, 77);
	assert_int_equal(process->rlimits.n, 1);
	assert_int_equal(process->rlimits.v[0]->hard, 2);
	config_free(config);
}

static void and_this_is_its_own_whatever_the_container_has(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_json(config, "{" BARE "}"));
	const struct process *process = config->process;
	assert_string_equal(process->cwd, "/");
	assert_string_equal(process->args.v[0], "/bin/true");
	assert_int_equal(process->env.n, 0);
	assert_false(process->terminal);
	assert_false(process->no_new_privileges);
	assert_true(!process->user ||
		    (process->user->uid == 0 && process->user->additional_gids.n == 0));
	config_free(config);
}

static void what_a_process_json_has_is_taken(void **state)
{
	struct config *config = container(CONTAINER);

	(void)state;
	SUCCEEDS(from_json(
		config, "{" BARE ",'user':{'uid':1,'gid':2},'env':['B=c'],"
			"'capabilities':{'bounding':['CAP_SETUID']},'apparmorProfile':'p',"
			"'selinuxLabel':'l','oomScoreAdj':0,'noNewPrivileges':true,"
			"'rlimits':[{'type':'RLIMIT_CORE','soft':0,'hard':0},"
			"{'type':'RLIMIT_NPROC','soft':9,'hard':9}],"
			"'scheduler':{'policy':'SCHED_OTHER'},'terminal':true,"
			"'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':1},"
			"'execCPUAffinity':{'initial':'1'},'consoleSize':{'height':3,'width':4}}"));
	const struct process *process = config->process;
	assert_int_equal(process->user->gid, 2);
	assert_int_equal(process->env.n, 1);
	assert_int_equal(process->capabilities->bounding.n, 1);
	assert_string_equal(process->capabilities->bounding.v[0], "CAP_SETUID");
	assert_int_equal(process->capabilities->inheritable.n, 0);
	assert_string_equal(process->apparmor_profile, "p");
	assert_string_equal(process->selinux_label, "l");
	/* 0 is a value, and not an absent one. */
	assert_true(process->oom_score_adj.set && process->oom_score_adj.value == 0);
	assert_int_equal(process->rlimits.n, 2);
	assert_int_equal(process->scheduler->nice, 0);
	assert_int_equal(process->io_priority->priority, 1);
	assert_null(process->exec_cpu_affinity->final);
	assert_int_equal(process->console_size->width, 4);
	config_free(config);
}

static void without_a_process_to_inherit_from(void **state)
{
	struct config *config = container(NULL);

	(void)state;
	SUCCEEDS(from_json(config, "{" BARE "}"));
	assert_null(config->process->capabilities);
	assert_false(config->process->oom_score_adj.set);
	config_free(config);
}

static void hostile_texts_are_refused_and_change_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"'text'",
		"{",
		"{}",
		"{" BARE,
		"{" BARE "}}",
		"{'args':['/bin/true']}",
		"{'cwd':'/'}",
		"{'cwd':'/','args':[]}",
		"{'cwd':'/','args':['']}",
		"{'cwd':'/','args':null}",
		"{'cwd':'/','args':'/bin/true'}",
		"{'cwd':'relative','args':['x']}",
		"{'cwd':7,'args':['x']}",
		"{" BARE ",'args':['twice']}",
		"{" BARE ",'user':{'uid':-1,'gid':0}}",
		"{" BARE ",'user':{'uid':4294967296,'gid':0}}",
		"{" BARE ",'user':{'uid':4294967295,'gid':0}}",
		"{" BARE ",'user':{'uid':0,'gid':0,'additionalGids':[4294967295]}}",
		"{" BARE ",'user':'root'}",
		"{" BARE ",'oomScoreAdj':1001}",
		"{" BARE ",'rlimits':[{'type':'RLIMIT_NONE','soft':1,'hard':1}]}",
		"{" BARE ",'rlimits':[{'type':'RLIMIT_CORE','soft':2,'hard':1}]}",
		"{" BARE ",'env':['=x']}",
		"{" BARE ",'env':['A\\u0000=x']}",
		"{" BARE ",'execCPUAffinity':{'initial':'0;1'}}",
		"{" BARE ",'scheduler':{'policy':'SCHED_NONE'}}",
		"{'ociVersion':'1.3.0','process':{" BARE "}}",
	};
	struct config *config = container(CONTAINER);
	const struct process *before = config->process;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (from_json(config, texts[i]) != -1)
			fail_msg("taken: %s", texts[i]);
		check_error("file: ");
		assert_ptr_equal(config->process, before);
	}
	config_free(config);
}

static void nul_bytes_and_depth_are_refused(void **state)
{
	struct config *config = container(CONTAINER);
	char deep[4096];

	(void)state;
	assert_int_equal(exec_process_from_json(config, "file", "{}\0{}", 5, &err), -1);
	memset(deep, '[', sizeof deep);
	assert_int_equal(exec_process_from_json(config, "file", deep, sizeof deep, &err), -1);
	check_error("file: ");
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_it_is_the_container_s_process),
		cmocka_unit_test(options_take_the_place_of_fields),
		cmocka_unit_test(no_new_privileges_cannot_be_taken_back),
		cmocka_unit_test(users_are_numbers),
		cmocka_unit_test(anything_else_is_no_user),
		cmocka_unit_test(groups_are_added),
		cmocka_unit_test(groups_are_numbers_too),
		cmocka_unit_test(capabilities_are_added_but_never_inheritable),
		cmocka_unit_test(a_container_without_capabilities_gets_those_asked_for),
		cmocka_unit_test(a_container_without_a_process_starts_from_nothing),
		cmocka_unit_test(wrong_arguments_are_refused),
		cmocka_unit_test(what_a_process_json_leaves_out_is_the_container_s),
		cmocka_unit_test(and_this_is_its_own_whatever_the_container_has),
		cmocka_unit_test(what_a_process_json_has_is_taken),
		cmocka_unit_test(without_a_process_to_inherit_from),
		cmocka_unit_test(hostile_texts_are_refused_and_change_nothing),
		cmocka_unit_test(nul_bytes_and_depth_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
