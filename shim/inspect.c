#include "shim/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/listing.h"
#include "shim/log/time.h"
#include "spec/base/owned.h"
#include "spec/table_fields.h"

/* ---- the document, as docker's types have it (api/types/container) ---- */

struct inspect_health_result {
	char *start, *end, *output;
	int64_t exit_code;
};
LIST_OF(inspect_health_result);

struct inspect_health {
	char *status;
	int64_t failing_streak;
	struct inspect_health_result_list log;
};

struct inspect_state {
	char *status;
	bool running, paused, restarting, oom_killed, dead;
	int64_t pid, exit_code;
	char *error, *started, *finished;
	char *health; /* JSON, so that it can be null */
};

struct inspect_policy {
	char *name;
	int64_t maximum_count;
};

struct inspect_log {
	char *type;
	struct string_map config;
};

struct inspect_host {
	struct inspect_log *log;
	struct inspect_policy *policy;
	bool auto_remove, readonly_rootfs;
	char *runtime;
};

struct inspect_mount {
	char *type, *source, *destination, *mode;
	bool writable;
	char *propagation;
};
LIST_OF(inspect_mount);

struct inspect_config {
	char *hostname, *domainname, *user;
	bool tty, open_stdin;
	struct string_list env, command;
	char *image, *working_directory;
	struct string_map labels;
	char *stop_signal;
	struct opt_int64 stop_timeout;
};

struct inspect {
	char *id, *created, *path;
	struct string_list args;
	struct inspect_state *state;
	char *image, *log_path, *name;
	int64_t restart_count;
	char *platform, *mount_label, *process_label, *apparmor_profile, *bundle;
	struct inspect_host *host;
	struct inspect_mount_list mounts;
	struct inspect_config *config;
};

static const struct field inspect_health_result_fields[] = {
	FIELD_STRING(inspect_health_result, start, "Start", ALWAYS),
	FIELD_STRING(inspect_health_result, end, "End", ALWAYS),
	FIELD_INT64(inspect_health_result, exit_code, "ExitCode", ALWAYS),
	FIELD_STRING(inspect_health_result, output, "Output", ALWAYS),
};
static TYPE(inspect_health_result);

static const struct field inspect_health_fields[] = {
	FIELD_STRING(inspect_health, status, "Status", ALWAYS),
	FIELD_INT64(inspect_health, failing_streak, "FailingStreak", ALWAYS),
	FIELD_OBJECT_LIST(inspect_health, log, "Log", inspect_health_result, ALWAYS),
};
static TYPE(inspect_health);

static const struct field inspect_state_fields[] = {
	FIELD_STRING(inspect_state, status, "Status", ALWAYS),
	FIELD_BOOL(inspect_state, running, "Running", ALWAYS),
	FIELD_BOOL(inspect_state, paused, "Paused", ALWAYS),
	FIELD_BOOL(inspect_state, restarting, "Restarting", ALWAYS),
	FIELD_BOOL(inspect_state, oom_killed, "OOMKilled", ALWAYS),
	FIELD_BOOL(inspect_state, dead, "Dead", ALWAYS),
	FIELD_INT64(inspect_state, pid, "Pid", ALWAYS),
	FIELD_INT64(inspect_state, exit_code, "ExitCode", ALWAYS),
	FIELD_STRING(inspect_state, error, "Error", ALWAYS),
	FIELD_STRING(inspect_state, started, "StartedAt", ALWAYS),
	FIELD_STRING(inspect_state, finished, "FinishedAt", ALWAYS),
	/* Null and not left out: a template asks {{if .State.Health}}. */
	FIELD_JSON(inspect_state, health, "Health", ALWAYS),
};
static TYPE(inspect_state);

static const struct field inspect_policy_fields[] = {
	FIELD_STRING(inspect_policy, name, "Name", ALWAYS),
	FIELD_INT64(inspect_policy, maximum_count, "MaximumRetryCount", ALWAYS),
};
static TYPE(inspect_policy);

static const struct field inspect_log_fields[] = {
	FIELD_STRING(inspect_log, type, "Type", ALWAYS),
	FIELD_STRING_MAP(inspect_log, config, "Config", ALWAYS),
};
static TYPE(inspect_log);

static const struct field inspect_host_fields[] = {
	FIELD_OBJECT(inspect_host, log, "LogConfig", inspect_log, ALWAYS),
	FIELD_OBJECT(inspect_host, policy, "RestartPolicy", inspect_policy, ALWAYS),
	FIELD_BOOL(inspect_host, auto_remove, "AutoRemove", ALWAYS),
	FIELD_BOOL(inspect_host, readonly_rootfs, "ReadonlyRootfs", ALWAYS),
	FIELD_STRING(inspect_host, runtime, "Runtime", ALWAYS),
};
static TYPE(inspect_host);

static const struct field inspect_mount_fields[] = {
	FIELD_STRING(inspect_mount, type, "Type", ALWAYS),
	FIELD_STRING(inspect_mount, source, "Source", ALWAYS),
	FIELD_STRING(inspect_mount, destination, "Destination", ALWAYS),
	FIELD_STRING(inspect_mount, mode, "Mode", ALWAYS),
	FIELD_BOOL(inspect_mount, writable, "RW", ALWAYS),
	FIELD_STRING(inspect_mount, propagation, "Propagation", ALWAYS),
};
static TYPE(inspect_mount);

static const struct field inspect_config_fields[] = {
	FIELD_STRING(inspect_config, hostname, "Hostname", ALWAYS),
	FIELD_STRING(inspect_config, domainname, "Domainname", ALWAYS),
	FIELD_STRING(inspect_config, user, "User", ALWAYS),
	FIELD_BOOL(inspect_config, tty, "Tty", ALWAYS),
	FIELD_BOOL(inspect_config, open_stdin, "OpenStdin", ALWAYS),
	FIELD_STRING_LIST(inspect_config, env, "Env", ALWAYS),
	FIELD_STRING_LIST(inspect_config, command, "Cmd", ALWAYS),
	FIELD_STRING(inspect_config, image, "Image", ALWAYS),
	FIELD_STRING(inspect_config, working_directory, "WorkingDir", ALWAYS),
	FIELD_STRING_MAP(inspect_config, labels, "Labels", ALWAYS),
	FIELD_STRING(inspect_config, stop_signal, "StopSignal"),
	FIELD_OPT_INT64(inspect_config, stop_timeout, "StopTimeout"),
};
static TYPE(inspect_config);

static const struct field inspect_fields[] = {
	FIELD_STRING(inspect, id, "Id", ALWAYS),
	FIELD_STRING(inspect, created, "Created", ALWAYS),
	FIELD_STRING(inspect, path, "Path", ALWAYS),
	FIELD_STRING_LIST(inspect, args, "Args", ALWAYS),
	FIELD_OBJECT(inspect, state, "State", inspect_state, ALWAYS),
	FIELD_STRING(inspect, image, "Image", ALWAYS),
	FIELD_STRING(inspect, log_path, "LogPath", ALWAYS),
	FIELD_STRING(inspect, name, "Name", ALWAYS),
	FIELD_INT64(inspect, restart_count, "RestartCount", ALWAYS),
	FIELD_STRING(inspect, platform, "Platform", ALWAYS),
	FIELD_STRING(inspect, mount_label, "MountLabel", ALWAYS),
	FIELD_STRING(inspect, process_label, "ProcessLabel", ALWAYS),
	FIELD_STRING(inspect, apparmor_profile, "AppArmorProfile", ALWAYS),
	FIELD_STRING(inspect, bundle, "Bundle", ALWAYS),
	FIELD_OBJECT(inspect, host, "HostConfig", inspect_host, ALWAYS),
	FIELD_OBJECT_LIST(inspect, mounts, "Mounts", inspect_mount, ALWAYS),
	FIELD_OBJECT(inspect, config, "Config", inspect_config, ALWAYS),
};
static TYPE(inspect);

/* ---- filling it: everything is borrowed but what is said to be made ---- */

/* Texts and pieces that the document needs and nothing else has. */
struct inspection {
	struct inspect document;
	struct inspect_state state;
	struct inspect_host host;
	struct inspect_log log;
	struct inspect_policy policy;
	struct inspect_config config;
	struct process process;	      /* nothing, when the bundle has none */
	struct linux_config linux_;   /* likewise */
	struct inspect_mount *mounts; /* made */
	struct string_list texts;     /* made */
	bool failed;
};

/* For text that is only printed. */
static char *borrow(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* A copy that lives as long as the inspection. */
static char *made(struct inspection *inspection, const char *text)
{
	if (!text || string_list_add(&inspection->texts, text)) {
		inspection->failed = true;
		return NULL;
	}
	return inspection->texts.v[inspection->texts.n - 1];
}

/* As Go prints a time that never was. */
#define NEVER "0001-01-01T00:00:00Z"

static char *time_text(struct inspection *inspection, int64_t time)
{
	char text[LOG_TIME_TEXT + 1];

	if (!time)
		return borrow(NEVER);
	text[log_time_print(time, text)] = '\0';
	return made(inspection, text);
}

static char *health_text(struct inspection *inspection, const struct health *health)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct inspect_health shown;

	if (!health)
		return NULL;
	const size_t n = health->log.n;
	owned_memory struct inspect_health_result *results = calloc(n + 1, sizeof *results);
	owned_memory struct inspect_health_result **list = calloc(n + 1, sizeof *list);
	if (!results || !list) {
		inspection->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct health_result *result = health->log.v[i];

		results[i] = (struct inspect_health_result){
			.start = time_text(inspection, result->start),
			.end = time_text(inspection, result->end),
			.exit_code = result->exit_code,
			.output = result->output,
		};
		list[i] = &results[i];
	}
	shown = (struct inspect_health){
		.status = borrow(health_status_words[health->status].name),
		.failing_streak = health->failing_streak,
		.log = { list, n },
	};
	table_print(&inspect_health_type, &shown, 0, &text);
	return made(inspection, text.failed ? NULL : text.text);
}

static void fill_state(struct inspection *inspection, const struct record *record)
{
	enum container_state state = (enum container_state)record->state;
	const char *status = state_status(state, record->started != 0);
	bool is_restarting = strcmp(status, "restarting") == 0;
	/* A start that failed has an exit code too, and no end. */
	bool is_over = !state_has_init(state) && (record->finished || record->exit_code.set);

	inspection->state = (struct inspect_state){
		.status = borrow(status),
		.running = state_is_running(state),
		.paused = strcmp(status, "paused") == 0,
		.restarting = is_restarting,
		.oom_killed = record->oom_killed,
		.dead = state == STATE_DEAD,
		.pid = state_has_init(state) && record->init ? record->init->pid : 0,
		.exit_code = is_over ? record_exit_code(record) : 0,
		.error = record->error,
		.started = time_text(inspection, record->started),
		.finished = time_text(inspection, record->finished),
		.health = health_text(inspection, record->health),
	};
	/* An end that nobody saw is not a program that ended with 255. */
	if (is_over && !record->exit_code.set && !record->error)
		inspection->state.error = borrow("the exit status is not known");
}

static void fill_host(struct inspection *inspection, const struct record *record,
		      const struct config *config)
{
	inspection->log = (struct inspect_log){ record->log->driver, record->log->options };
	inspection->policy = (struct inspect_policy){
		borrow(restart_policy_words[record->restart->policy].name),
		record->restart->maximum_count,
	};
	inspection->host = (struct inspect_host){
		.log = &inspection->log,
		.policy = &inspection->policy,
		.auto_remove = record->auto_remove,
		.readonly_rootfs = config && config->root && config->root->readonly,
		.runtime = record->runtime,
	};
}

static char *user_text(struct inspection *inspection, const struct user *user)
{
	owned_string text = NULL;

	if (!user || (!user->uid && !user->gid))
		return NULL;
	text = text_format("%u:%u", user->uid, user->gid);
	return made(inspection, text);
}

static void fill_config(struct inspection *inspection, const struct record *record,
			const struct config *config)
{
	const struct process *process = &inspection->process;

	inspection->config = (struct inspect_config){
		.hostname = config ? config->hostname : NULL,
		.domainname = config ? config->domainname : NULL,
		.user = user_text(inspection, process->user),
		.tty = record->terminal,
		.open_stdin = record->open_stdin,
		.env = process->env,
		.command = process->args,
		.image = borrow(listing_image(config)),
		.working_directory = process->cwd,
		.labels = record->labels,
		.stop_signal = record->stop_signal,
		.stop_timeout = record->stop_timeout,
	};
}

static const char *const propagations[] = { "rprivate", "private", "rslave", "slave",
					    "rshared",	"shared",  NULL };

static void fill_mount(struct inspection *inspection, const struct mount *mount,
		       struct inspect_mount *to)
{
	OWNED(buffer_finish) struct buffer mode = { 0 };
	const struct string_list *options = &mount->options;
	bool is_bind = string_list_has(options, "bind") || string_list_has(options, "rbind");

	buffer_add(&mode, "", 0);
	for (size_t i = 0; i < options->n; i++)
		buffer_print(&mode, "%s%s", i ? "," : "", options->v[i]);
	*to = (struct inspect_mount){
		.type = is_bind ? borrow("bind") : mount->type,
		.source = mount->source,
		.destination = mount->destination,
		.mode = made(inspection, mode.failed ? NULL : mode.text),
		.writable = !string_list_has(options, "ro"),
	};
	for (size_t i = 0; propagations[i] && !to->propagation; i++)
		if (string_list_has(options, propagations[i]))
			to->propagation = borrow(propagations[i]);
}

static void fill_mounts(struct inspection *inspection, const struct config *config)
{
	struct inspect_mount_list *list = &inspection->document.mounts;
	size_t n = config ? config->mounts.n : 0;

	inspection->mounts = calloc(n + 1, sizeof *inspection->mounts);
	list->v = calloc(n + 1, sizeof *list->v);
	if (!inspection->mounts || !list->v) {
		inspection->failed = true;
		return;
	}
	for (list->n = 0; list->n < n; list->n++) {
		fill_mount(inspection, config->mounts.v[list->n], &inspection->mounts[list->n]);
		list->v[list->n] = &inspection->mounts[list->n];
	}
}

static void fill(struct inspection *inspection, const struct record *record,
		 const struct config *config)
{
	owned_string name = text_format("/%s", record->name);
	const struct process *process = &inspection->process;
	const struct string_list *args;

	if (config && config->process)
		inspection->process = *config->process;
	if (config && config->linux_)
		inspection->linux_ = *config->linux_;
	args = &process->args;
	inspection->document = (struct inspect){
		.id = record->id,
		.created = time_text(inspection, record->created),
		.path = args->n ? args->v[0] : NULL,
		.args = { args->n ? args->v + 1 : NULL, args->n ? args->n - 1 : 0 },
		.state = &inspection->state,
		.image = borrow(listing_image(config)),
		.log_path = record->log->path,
		.name = made(inspection, name),
		.restart_count = record->restart_count,
		.platform = borrow("linux"),
		.mount_label = inspection->linux_.mount_label,
		.process_label = process->selinux_label,
		.apparmor_profile = process->apparmor_profile,
		.bundle = record->bundle,
		.host = &inspection->host,
		.config = &inspection->config,
	};
	fill_state(inspection, record);
	fill_host(inspection, record, config);
	fill_config(inspection, record, config);
	fill_mounts(inspection, config);
}

int inspect_print(const struct record *record, const struct config *config, int indent,
		  struct buffer *to, struct error *err)
{
	struct inspection inspection = { 0 };

	fill(&inspection, record, config);
	if (!inspection.failed)
		table_print(&inspect_type, &inspection.document, indent, to);
	free(inspection.mounts);
	free(inspection.document.mounts.v);
	string_list_finish(&inspection.texts);
	return inspection.failed || to->failed ? error_errno(err, ENOMEM, "inspect %s", record->id)
					       : 0;
}

struct json_object *inspect_value(const struct record *record, const struct config *config,
				  struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	if (inspect_print(record, config, 0, &text, err))
		return NULL;
	struct json_object *value = json_tokener_parse(text.text);
	if (!value)
		error_errno(err, ENOMEM, "inspect %s", record->id);
	return value;
}
