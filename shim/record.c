#include "shim/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/name.h"
#include "spec/base/owned.h"
#include "spec/table_fields.h"

const struct word restart_policy_words[] = {
	{ "no", RESTART_NO },
	{ "on-failure", RESTART_ON_FAILURE },
	{ "always", RESTART_ALWAYS },
	{ "unless-stopped", RESTART_UNLESS_STOPPED },
	{ 0 },
};

const struct word health_status_words[] = {
	{ "starting", HEALTH_STARTING },
	{ "healthy", HEALTH_HEALTHY },
	{ "unhealthy", HEALTH_UNHEALTHY },
	{ 0 },
};

#define DELAY RANGE(0, RECORD_DELAY_MAX)
#define TIME RANGE(0, INT64_MAX)

static const struct field restart_settings_fields[] = {
	FIELD_WORD(restart_settings, policy, "policy", restart_policy_words, REQUIRED),
	FIELD_UINT32(restart_settings, maximum_count, "maximumCount", ALWAYS),
	FIELD_INT64(restart_settings, delay, "delay", REQUIRED, DELAY),
	FIELD_INT64(restart_settings, max_delay, "maxDelay", REQUIRED, DELAY),
	FIELD_INT64(restart_settings, reset, "reset", REQUIRED, DELAY),
};
static TYPE(restart_settings);

static const struct field process_identity_fields[] = {
	FIELD_INT64(process_identity, pid, "pid", REQUIRED, RANGE(1, INT32_MAX)),
	FIELD_UINT64(process_identity, start_time, "startTime", REQUIRED),
	FIELD_STRING(process_identity, boot_id, "bootId", REQUIRED),
};
static TYPE(process_identity);

static const struct field health_result_fields[] = {
	FIELD_INT64(health_result, start, "start", REQUIRED, TIME),
	FIELD_INT64(health_result, end, "end", REQUIRED, TIME),
	FIELD_INT64(health_result, exit_code, "exitCode", REQUIRED, RANGE(-1, 255)),
	FIELD_STRING(health_result, output, "output"),
};
static TYPE(health_result);

static const struct field health_fields[] = {
	FIELD_STRING_LIST(health, command, "command", REQUIRED),
	FIELD_INT64(health, interval, "interval", REQUIRED, DELAY),
	FIELD_INT64(health, timeout, "timeout", REQUIRED, DELAY),
	FIELD_INT64(health, start_period, "startPeriod", ALWAYS, DELAY),
	FIELD_UINT32(health, retries, "retries", REQUIRED),
	FIELD_WORD(health, status, "status", health_status_words, REQUIRED),
	FIELD_UINT32(health, failing_streak, "failingStreak", ALWAYS),
	FIELD_OBJECT_LIST(health, log, "log", health_result),
};
static TYPE(health);

static const struct field log_settings_fields[] = {
	FIELD_STRING(log_settings, driver, "driver", REQUIRED),
	FIELD_STRING(log_settings, path, "path"),
	FIELD_STRING_MAP(log_settings, options, "options"),
};
static TYPE(log_settings);

static const struct field record_fields[] = {
	FIELD_UINT32(record, version, "version", REQUIRED),
	FIELD_STRING(record, id, "id", REQUIRED),
	FIELD_STRING(record, name, "name", REQUIRED),
	FIELD_STRING(record, bundle, "bundle", REQUIRED),
	FIELD_STRING(record, runtime, "runtime", REQUIRED),
	FIELD_STRING_LIST(record, runtime_arguments, "runtimeArguments"),
	FIELD_INT64(record, created, "created", REQUIRED, TIME),
	FIELD_INT64(record, started, "started", TIME),
	FIELD_INT64(record, finished, "finished", TIME),
	FIELD_WORD(record, state, "state", state_words, REQUIRED),
	FIELD_OBJECT(record, init, "init", process_identity),
	FIELD_OPT_INT64(record, exit_code, "exitCode", RANGE(0, 255)),
	FIELD_BOOL(record, oom_killed, "oomKilled"),
	FIELD_STRING(record, error, "error"),
	FIELD_OBJECT(record, restart, "restart", restart_settings, REQUIRED),
	FIELD_UINT32(record, restart_count, "restartCount", ALWAYS),
	FIELD_INT64(record, restart_delay_now, "restartDelayNow", DELAY),
	FIELD_BOOL(record, manual_stop, "manualStop"),
	FIELD_BOOL(record, policy_cancelled, "policyCancelled"),
	FIELD_BOOL(record, started_before, "startedBefore"),
	FIELD_STRING(record, stop_signal, "stopSignal"),
	FIELD_OPT_INT64(record, stop_timeout, "stopTimeout", RANGE(-1, INT32_MAX)),
	FIELD_OBJECT(record, log, "log", log_settings, REQUIRED),
	FIELD_BOOL(record, terminal, "terminal"),
	FIELD_BOOL(record, open_stdin, "openStdin"),
	FIELD_BOOL(record, auto_remove, "autoRemove"),
	FIELD_STRING(record, pid_file, "pidFile"),
	FIELD_OBJECT(record, health, "health", health),
	FIELD_STRING_MAP(record, labels, "labels"),
};
TYPE(record);

/* Read by itself first: in another version's record other members may mean other things. */
struct record_version {
	uint32_t version;
};
static const struct field record_version_fields[] = {
	FIELD_UINT32(record_version, version, "version", REQUIRED),
};
static TYPE(record_version);

struct record *record_new(const char *id, const char *name, const char *bundle, const char *runtime)
{
	struct record *record = calloc(1, sizeof *record);

	if (!record)
		return NULL;
	record->version = RECORD_VERSION;
	record->id = strdup(id);
	record->name = strdup(name);
	record->bundle = strdup(bundle);
	record->runtime = strdup(runtime);
	record->restart = calloc(1, sizeof *record->restart);
	record->log = calloc(1, sizeof *record->log);
	if (record->log)
		record->log->driver = strdup("k8s-file");
	if (!record->id || !record->name || !record->bundle || !record->runtime ||
	    !record->restart || !record->log || !record->log->driver) {
		record_destroy(record);
		return NULL;
	}
	record->restart->delay = RESTART_DELAY;
	record->restart->max_delay = RESTART_MAX_DELAY;
	record->restart->reset = RESTART_RESET;
	return record;
}

void record_destroy(struct record *record)
{
	table_free(&record_type, record);
}

static void owned_record_destroy(struct record **record)
{
	record_destroy(*record);
}

/* A file that the kernel had given blocks but no bytes when the power failed reads as zeros, or as nothing:
 * of all damage the likeliest, and what JSON's grammar has to say about it helps nobody. */
static int check_bytes(const char *text, size_t length, struct error *err)
{
	if (!length)
		return error_set(err, EINVAL, "the file is empty");
	if (strnlen(text, length) == 0)
		return error_set(err, EINVAL, "the file begins with NUL bytes");
	if (length > RECORD_MAX)
		return error_set(err, EINVAL, "%zu bytes are more than the %zu allowed", length,
				 RECORD_MAX);
	return 0;
}

static int check_version(const char *text, size_t length, struct error *err)
{
	OWNED(problems_finish) struct problems problems = { 0 };
	owned_memory struct record_version *version =
		table_parse(&record_version_type, text, length, &problems);

	if (!version)
		return problems_to_error(&problems, "not a record", err);
	if (version->version == RECORD_VERSION)
		return 0;
	error_set(err, EINVAL, "its version is %u, and this program knows version %d",
		  version->version, RECORD_VERSION);
	return error_hint(err, "another version of the program wrote it");
}

static int check_paths(const struct record *record, struct error *err)
{
	if (*record->bundle != '/')
		return error_set(err, EINVAL, "bundle: '%.100s' is no absolute path",
				 record->bundle);
	if (record->log->path && *record->log->path != '/')
		return error_set(err, EINVAL, "log.path: '%.100s' is no absolute path",
				 record->log->path);
	if (record->pid_file && *record->pid_file != '/')
		return error_set(err, EINVAL, "pidFile: '%.100s' is no absolute path",
				 record->pid_file);
	return 0;
}

static int check_values(const struct record *record, const char *id, struct error *err)
{
	const struct restart_settings *restart = record->restart;

	if (strcmp(record->id, id) != 0)
		return error_set(err, EINVAL, "it is the record of another container, %.100s",
				 record->id);
	if (name_check(record->name, err))
		return error_prefix(err, "name");
	if (restart->maximum_count && restart->policy != RESTART_ON_FAILURE)
		return error_set(err, EINVAL,
				 "restart.maximumCount: of no meaning with this policy");
	if (record->auto_remove && restart->policy != RESTART_NO)
		return error_set(err, EINVAL, "autoRemove: excluded by the restart policy");
	return check_paths(record, err);
}

static struct record *parse(const char *id, const char *text, size_t length, struct error *err)
{
	OWNED(problems_finish) struct problems problems = { 0 };
	OWNED(owned_record_destroy) struct record *record = NULL;

	if (check_bytes(text, length, err) || check_version(text, length, err))
		return NULL;
	record = table_parse(&record_type, text, length, &problems);
	if (!record) {
		problems_to_error(&problems, "not a record", err);
		return NULL;
	}
	if (check_values(record, id, err))
		return NULL;
	return take_pointer(record);
}

struct record *record_parse(const char *id, const char *text, size_t length, struct error *err)
{
	struct record *record = parse(id, text, length, err);

	if (!record)
		error_prefix(err, "record of container %s", id);
	return record;
}

void record_print(const struct record *record, struct buffer *to)
{
	table_print(&record_type, record, 0, to);
	buffer_add(to, "\n", 1);
}

int record_exit_code(const struct record *record)
{
	return record->exit_code.set ? (int)record->exit_code.value : 255;
}
