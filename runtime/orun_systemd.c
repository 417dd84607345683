/* orun-systemd: carries one request to systemd over D-Bus. It knows units and properties as words, and
 * nothing of containers; orun (systemd.c) runs it. Stdin, until its end, words between tabs:
 *
 *   start|set|stop|attach|group   system|user   UNIT
 *   VERSION   SIGNATURE   PROPERTY   VALUE…         (start, set)
 *   GROUP-BELOW   PID…                               (attach)
 *
 * VERSION: where systemd is older, the property is left out. Stdout, one line: "ok" and the unit's group
 * (start) or the manager's (group); or "error", an errno value and a text.
 * org.freedesktop.systemd1(5), sd-bus(3). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "runtime/systemd_value.h"
#include "spec/base/error.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define REQUEST_MAX (4u << 20)
#define JOB_TIMEOUT 30000000u /* microseconds; the call itself has sd-bus's 25 s */
#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"

struct request {
	const char *verb, *unit;
	bool user;
	char *properties; /* the lines behind the first */
	sd_bus *bus;
	unsigned version; /* of systemd; 0: not asked yet */
};

/* A job that somebody waits for. */
struct job {
	const char *path;
	char *result; /* owned; NULL: not over */
};

static void message_unref(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

static void slot_unref(sd_bus_slot **slot)
{
	sd_bus_slot_unref(*slot);
}
#define OWNED_MESSAGE OWNED(message_unref) sd_bus_message *
#define OWNED_ERROR OWNED(sd_bus_error_free) sd_bus_error

static int bus_failed(struct error *err, int code, const sd_bus_error *error, const char *what)
{
	const char *words = error->message ? error->message : error->name;

	if (!words)
		return error_errno(err, -code, "%s", what);
	return error_set(err, sd_bus_error_get_errno(error), "%s: %s", what, words);
}

/* Where no message bus runs, systemd itself listens, for root and for the user it serves. */
static int open_private(const struct request *request, sd_bus **bus)
{
	const char *directory = request->user ? getenv("XDG_RUNTIME_DIR") : "/run";
	owned_string address = directory ? text_format("unix:path=%s/systemd/private", directory)
					 : NULL;
	int ret = address ? sd_bus_new(bus) : -ENOENT;

	if (ret >= 0)
		ret = sd_bus_set_address(*bus, address);
	if (ret >= 0)
		ret = sd_bus_start(*bus);
	if (ret < 0)
		*bus = sd_bus_unref(*bus);
	return ret;
}

static int open_bus(struct request *request, struct error *err)
{
	int ret = request->user ? sd_bus_open_user(&request->bus)
				: sd_bus_open_system(&request->bus);

	if (ret >= 0 || open_private(request, &request->bus) >= 0)
		return 0;
	error_errno(err, -ret, "connect to the %s bus", request->user ? "user's" : "system");
	if (request->user)
		return error_hint(err, "is there a session of systemd, and are XDG_RUNTIME_DIR and "
				       "DBUS_SESSION_BUS_ADDRESS set?");
	return error_hint(err, "does this machine run systemd?");
}

/* "252.39-1~deb12u2", "v245" → the number. */
static int ask_version(struct request *request, struct error *err)
{
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	owned_string text = NULL;

	if (request->version)
		return 0;
	int ret = sd_bus_get_property_string(request->bus, SERVICE, MANAGER_PATH, MANAGER,
					     "Version", &error, &text);
	if (ret < 0)
		return bus_failed(err, ret, &error, "version of systemd");
	request->version = (unsigned)strtoul(text + (*text == 'v'), NULL, 10);
	return request->version ? 0 : error_set(err, EPROTO, "version of systemd: '%s'", text);
}

static int append_variant(sd_bus_message *message, const char *name, const char *signature,
			  char *rest)
{
	int ret = sd_bus_message_open_container(message, 'r', "sv");

	if (ret >= 0)
		ret = sd_bus_message_append_basic(message, 's', name);
	if (ret >= 0)
		ret = sd_bus_message_open_container(message, 'v', signature);
	if (ret >= 0)
		ret = systemd_value_append(message, signature, rest);
	if (ret >= 0)
		ret = sd_bus_message_close_container(message);
	return ret < 0 ? ret : sd_bus_message_close_container(message);
}

static int append_property(struct request *request, sd_bus_message *message, char *line,
			   struct error *err)
{
	char *rest = line;
	const char *since = strsep(&rest, "\t");
	const char *signature = rest ? strsep(&rest, "\t") : NULL;
	const char *name = rest ? strsep(&rest, "\t") : NULL;
	uint64_t oldest;

	if (!name || text_to_uint64(since, &oldest))
		return error_set(err, EINVAL, "request: '%s' is no property", line);
	if (oldest && ask_version(request, err))
		return -1;
	if (oldest > request->version)
		return 0;
	int ret = append_variant(message, name, signature, rest);
	return ret < 0 ? error_errno(err, -ret, "property %s", name) : 0;
}

/* A copy of the lines is cut up, since a request may have to be made twice. */
static int append_properties(struct request *request, sd_bus_message *message, struct error *err)
{
	owned_string lines = strdup(request->properties);
	char *rest = lines, *line;
	int ret;

	if (!lines)
		return error_errno(err, ENOMEM, "properties");
	ret = sd_bus_message_open_container(message, 'a', "(sv)");
	if (ret < 0)
		return error_errno(err, -ret, "properties");
	while ((line = strsep(&rest, "\n")))
		if (*line && append_property(request, message, line, err))
			return -1;
	ret = sd_bus_message_close_container(message);
	return ret < 0 ? error_errno(err, -ret, "properties") : 0;
}

static int new_call(const struct request *request, const char *method, sd_bus_message **message,
		    struct error *err)
{
	int ret = sd_bus_message_new_method_call(request->bus, message, SERVICE, MANAGER_PATH,
						 MANAGER, method);

	return ret < 0 ? error_errno(err, -ret, "%s", method) : 0;
}

static void reset_failed(const struct request *request)
{
	sd_bus_call_method(request->bus, SERVICE, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL,
			   NULL, "s", request->unit);
}

static int on_job_removed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct job *job = context;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	/* The answer that names our job comes before this, or the job is somebody else's. */
	if (job->path && strcmp(path, job->path) == 0 && !job->result)
		job->result = strdup(result);
	return 0;
}

static int watch_jobs(const struct request *request, struct job *job, sd_bus_slot **slot,
		      struct error *err)
{
	int ret = sd_bus_match_signal(request->bus, slot, NULL, MANAGER_PATH, MANAGER, "JobRemoved",
				      on_job_removed, job);

	return ret < 0 ? error_errno(err, -ret, "watch the jobs of systemd") : 0;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_for_job(const struct request *request, struct job *job, struct error *err)
{
	uint64_t end = now_usec() + JOB_TIMEOUT;

	while (!job->result) {
		int ret = sd_bus_process(request->bus, NULL);
		uint64_t now = now_usec();
		if (ret == 0 && now < end)
			ret = sd_bus_wait(request->bus, end - now);
		if (ret < 0 && ret != -EINTR)
			return error_errno(err, -ret, "wait for the job of %s", request->unit);
		if (now >= end && !job->result)
			return error_set(err, ETIMEDOUT, "the job of %s did not end within %u s",
					 request->unit, JOB_TIMEOUT / 1000000);
	}
	return 0;
}

/* Calls, takes the job that the reply names, and waits for it. *error tells what systemd said. */
static int call_and_wait(const struct request *request, sd_bus_message *call, struct job *job,
			 sd_bus_error *error, struct error *err)
{
	OWNED_MESSAGE reply = NULL;
	int ret = sd_bus_call(request->bus, call, 0, error, &reply);

	if (ret >= 0)
		ret = sd_bus_message_read(reply, "o", &job->path);
	if (ret < 0)
		return bus_failed(err, ret, error, request->unit);
	int failed = wait_for_job(request, job, err);
	job->path = NULL; /* the reply's */
	return failed;
}

static int start_once(struct request *request, struct job *job, sd_bus_error *error,
		      struct error *err)
{
	OWNED_MESSAGE call = NULL;

	if (new_call(request, "StartTransientUnit", &call, err))
		return -1;
	int ret = sd_bus_message_append(call, "ss", request->unit, "fail");
	if (ret < 0)
		return error_errno(err, -ret, "unit %s", request->unit);
	if (append_properties(request, call, err))
		return -1;
	ret = sd_bus_message_append(call, "a(sa(sv))", 0);
	if (ret < 0)
		return error_errno(err, -ret, "unit %s", request->unit);
	return call_and_wait(request, call, job, error, err);
}

static int unit_group(const struct request *request, char **group, struct error *err)
{
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	owned_string path = NULL;
	int ret = sd_bus_path_encode(MANAGER_PATH "/unit", request->unit, &path);

	if (ret >= 0)
		ret = sd_bus_get_property_string(request->bus, SERVICE, path, SERVICE ".Scope",
						 "ControlGroup", &error, group);
	return ret < 0 ? bus_failed(err, ret, &error, "group of the unit") : 0;
}

/* A unit of the same name that failed is forgotten; one that lives is not ours. */
static int start(struct request *request, char **answer, struct error *err)
{
	OWNED(slot_unref) sd_bus_slot *slot = NULL;
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	struct job job = { 0 };

	if (watch_jobs(request, &job, &slot, err))
		return -1;
	int failed = start_once(request, &job, &error, err);
	if (failed && sd_bus_error_has_name(&error, SERVICE ".UnitExists")) {
		reset_failed(request);
		sd_bus_error_free(&error);
		failed = start_once(request, &job, &error, err);
	}
	owned_string result = job.result;
	if (failed)
		return -1;
	if (strcmp(result, "done") == 0)
		return unit_group(request, answer, err);
	reset_failed(request);
	return error_set(err, ECANCELED, "start of %s: job %s", request->unit, result);
}

static int stop(struct request *request, char **answer, struct error *err)
{
	OWNED(slot_unref) sd_bus_slot *slot = NULL;
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	OWNED_MESSAGE call = NULL;
	struct job job = { 0 };

	(void)answer;
	if (watch_jobs(request, &job, &slot, err) || new_call(request, "StopUnit", &call, err))
		return -1;
	int ret = sd_bus_message_append(call, "ss", request->unit, "replace");
	if (ret < 0)
		return error_errno(err, -ret, "unit %s", request->unit);
	int failed = call_and_wait(request, call, &job, &error, err);
	/* However the job ended: what it left shows in the groups, which the caller removes next. */
	free(job.result);
	if (failed && sd_bus_error_has_name(&error, SERVICE ".NoSuchUnit"))
		failed = 0;
	reset_failed(request);
	return failed;
}

static int set(struct request *request, char **answer, struct error *err)
{
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	OWNED_MESSAGE call = NULL;

	(void)answer;
	if (new_call(request, "SetUnitProperties", &call, err))
		return -1;
	int ret = sd_bus_message_append(call, "sb", request->unit, 1);
	if (ret < 0)
		return error_errno(err, -ret, "unit %s", request->unit);
	if (append_properties(request, call, err))
		return -1;
	ret = sd_bus_call(request->bus, call, 0, &error, NULL);
	return ret < 0 ? bus_failed(err, ret, &error, request->unit) : 0;
}

static int attach(struct request *request, char **answer, struct error *err)
{
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	OWNED_MESSAGE call = NULL;
	char *pids = strsep(&request->properties, "\n");
	const char *below = strsep(&pids, "\t");

	(void)answer;
	if (!pids)
		return error_set(err, EINVAL, "request: attach wants processes");
	if (new_call(request, "AttachProcessesToUnit", &call, err))
		return -1;
	int ret = sd_bus_message_append(call, "ss", request->unit, below);
	if (ret >= 0)
		ret = systemd_value_append(call, "au", pids);
	if (ret < 0)
		return error_errno(err, -ret, "unit %s", request->unit);
	ret = sd_bus_call(request->bus, call, 0, &error, NULL);
	return ret < 0 ? bus_failed(err, ret, &error, request->unit) : 0;
}

static int group(struct request *request, char **answer, struct error *err)
{
	OWNED_ERROR error = SD_BUS_ERROR_NULL;
	int ret = sd_bus_get_property_string(request->bus, SERVICE, MANAGER_PATH, MANAGER,
					     "ControlGroup", &error, answer);

	return ret < 0 ? bus_failed(err, ret, &error, "group of systemd") : 0;
}

static const struct {
	const char *name;
	int (*run)(struct request *request, char **answer, struct error *err);
} verbs[] = {
	{ "start", start },   { "set", set },	  { "stop", stop },
	{ "attach", attach }, { "group", group },
};

static int parse_head(char *text, struct request *request, struct error *err)
{
	char *line = strsep(&text, "\n");

	request->verb = strsep(&line, "\t");
	const char *instance = line ? strsep(&line, "\t") : NULL;
	request->unit = line;
	request->properties = text;
	if (!request->unit || !text)
		return error_set(err, EINVAL, "request: is not one");
	request->user = strcmp(instance, "user") == 0;
	return 0;
}

static int run(struct request *request, char **answer, struct error *err)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(verbs[i].name, request->verb) != 0)
			continue;
		int failed = open_bus(request, err);
		if (!failed)
			failed = verbs[i].run(request, answer, err);
		sd_bus_flush_close_unref(request->bus);
		return failed;
	}
	return error_set(err, EINVAL, "request: unknown verb '%s'", request->verb);
}

int main(void)
{
	struct request request = { 0 };
	struct error error = { 0 };
	owned_string text = NULL;
	owned_string answer = NULL;

	if (read_all(0, REQUEST_MAX, &text, NULL, &error) || parse_head(text, &request, &error) ||
	    run(&request, &answer, &error)) {
		for (char *at = error.msg; (at = strpbrk(at, "\t\n"));)
			*at = ' ';
		printf("error\t%d\t%s\n", error.code > 0 ? error.code : EIO, error.msg);
		return 1;
	}
	printf("ok\t%s\n", answer ? answer : "");
	return 0;
}
