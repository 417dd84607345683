/* systemd as far as orun-systemd asks it, for tests on machines that do not run it: listens on a socket as a
 * message bus with systemd behind it would, makes the groups of scopes, and notes every call.
 *
 *   fake-systemd SOCKET NOTES [DIRECTORY…]
 *
 * DIRECTORY: a hierarchy that it manages. What a unit's name holds decides: "refused": systemd says no;
 * "failing": its job fails; "ending": the connection ends before the job does; "other": an answer is in
 * another group; "taken": the name is another's; "left": the name is free once a failed unit was reset. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define SERVICE "org.freedesktop.systemd1"
#define USER_GROUP "/user.slice/user-1000.slice/user@1000.service"

static FILE *notes;
static char **hierarchies;
static struct string_map units; /* name → group */
static bool reset, ending;

static const char *group_of(const char *unit)
{
	return string_map_get(&units, unit);
}

static void remember(const char *unit, const char *group)
{
	units.v = reallocarray(units.v, units.n + 1, sizeof *units.v);
	if (!units.v)
		abort();
	units.v[units.n++] = (struct string_pair){ strdup(unit), strdup(group) };
}

static void forget(const char *unit)
{
	for (size_t i = 0; i < units.n; i++)
		if (strcmp(units.v[i].key, unit) == 0)
			*units.v[i].key = '\0';
}

/* "a-b.slice" is below "a.slice". */
static char *path_of_slice(const char *slice)
{
	struct buffer path = { 0 };
	size_t length = strlen(slice) - strlen(".slice");

	for (size_t end = 1; end <= length; end++)
		if (end == length || slice[end] == '-')
			buffer_print(&path, "/%.*s.slice", (int)end, slice);
	return path.text;
}

static void note_basic(sd_bus_message *message, char type)
{
	union {
		const char *text;
		uint64_t wide;
		int32_t number;
		uint8_t byte;
	} value = { 0 };

	if (sd_bus_message_read_basic(message, type, &value) < 0)
		return;
	if (type == 's')
		fprintf(notes, " '%s'", value.text);
	else if (type == 't')
		fprintf(notes, " %llu", (unsigned long long)value.wide);
	else if (type == 'y')
		fprintf(notes, " %02x", value.byte);
	else
		fprintf(notes, " %d", value.number);
}

/* All that is left of the container that was entered. */
static void note_rest(sd_bus_message *message)
{
	const char *contents;
	char type;

	while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
		if (!strchr("ar(v", type)) {
			note_basic(message, type);
			continue;
		}
		sd_bus_message_enter_container(message, type, contents);
		note_rest(message);
		sd_bus_message_exit_container(message);
	}
}

static void note_properties(sd_bus_message *message, char **slice, uint32_t *pid)
{
	const char *name, *signature, *text;

	sd_bus_message_enter_container(message, 'a', "(sv)");
	while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
		sd_bus_message_read(message, "s", &name);
		sd_bus_message_peek_type(message, NULL, &signature);
		sd_bus_message_enter_container(message, 'v', signature);
		fprintf(notes, "  %s %s", name, signature);
		if (slice && strcmp(name, "Slice") == 0) {
			sd_bus_message_read(message, "s", &text);
			*slice = strdup(text);
			fprintf(notes, " '%s'", text);
		} else if (pid && strcmp(name, "PIDs") == 0) {
			sd_bus_message_read(message, "au", 1, pid);
		} else {
			note_rest(message);
		}
		fputc('\n', notes);
		sd_bus_message_exit_container(message);
		sd_bus_message_exit_container(message);
	}
	sd_bus_message_exit_container(message);
}

static void job_removed(sd_bus *bus, const char *unit, const char *result)
{
	sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", SERVICE ".Manager", "JobRemoved",
			   "uoss", 8u, "/org/freedesktop/systemd1/job/8", "another.scope",
			   "failed");
	sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", SERVICE ".Manager", "JobRemoved",
			   "uoss", 7u, "/org/freedesktop/systemd1/job/7", unit, result);
}

static void make_groups(const char *group, uint32_t pid)
{
	for (char **hierarchy = hierarchies; *hierarchy; hierarchy++) {
		owned_string path = text_format("%s%s", *hierarchy, group);
		owned_string file = text_format("%s/cgroup.procs", path);
		owned_string text = text_format("%u", pid);
		if (make_directories(path, 0755, NULL) ||
		    write_kernel_file_at(AT_FDCWD, file, text, NULL))
			fprintf(notes, "cannot make %s\n", path);
	}
}

static int start(sd_bus_message *call, sd_bus *bus)
{
	const char *unit, *mode;
	owned_string slice = NULL;
	uint32_t pid = 0;

	sd_bus_message_read(call, "ss", &unit, &mode);
	fprintf(notes, "start %s %s\n", unit, mode);
	note_properties(call, &slice, &pid);
	if (strstr(unit, "taken") || (strstr(unit, "left") && !reset))
		return sd_bus_reply_method_errorf(call, SERVICE ".UnitExists",
						  "Unit %s was already loaded.", unit);
	if (strstr(unit, "refused"))
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
						  "Not for\nyou, %s", unit);
	owned_string above = path_of_slice(slice);
	owned_string group = text_format("%s/%s", above, unit);
	make_groups(group, pid);
	remember(unit, strstr(unit, "other") ? "/elsewhere" : group);
	sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/7");
	sd_bus_flush(bus);
	ending = strstr(unit, "ending");
	if (ending)
		return 1;
	job_removed(bus, unit, strstr(unit, "failing") ? "failed" : "done");
	return 1;
}

static int stop(sd_bus_message *call, sd_bus *bus)
{
	const char *unit, *mode;

	sd_bus_message_read(call, "ss", &unit, &mode);
	fprintf(notes, "stop %s %s\n", unit, mode);
	const char *group = group_of(unit);
	if (!group)
		return sd_bus_reply_method_errorf(call, SERVICE ".NoSuchUnit",
						  "Unit %s not loaded.", unit);
	for (char **hierarchy = hierarchies; *hierarchy; hierarchy++) {
		owned_string path = text_format("%s%s", *hierarchy, group);
		rmdir(path);
	}
	forget(unit);
	sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/7");
	job_removed(bus, unit, "done");
	return 1;
}

static int set(sd_bus_message *call, sd_bus *bus)
{
	const char *unit;
	int runtime;

	(void)bus;
	sd_bus_message_read(call, "sb", &unit, &runtime);
	fprintf(notes, "set %s %d\n", unit, runtime);
	note_properties(call, NULL, NULL);
	return sd_bus_reply_method_return(call, NULL);
}

static int note_words(sd_bus_message *call, sd_bus *bus)
{
	(void)bus;
	fprintf(notes, "%s", sd_bus_message_get_member(call));
	note_rest(call);
	fputc('\n', notes);
	reset = reset || strcmp(sd_bus_message_get_member(call), "ResetFailedUnit") == 0;
	return sd_bus_reply_method_return(call, NULL);
}

static int get(sd_bus_message *call, sd_bus *bus)
{
	const char *interface, *name;
	owned_string unit = NULL;

	(void)bus;
	sd_bus_message_read(call, "ss", &interface, &name);
	if (strcmp(name, "Version") == 0)
		return sd_bus_reply_method_return(call, "v", "s", "250.4-fake");
	sd_bus_path_decode(sd_bus_message_get_path(call), "/org/freedesktop/systemd1/unit", &unit);
	const char *group = unit ? group_of(unit) : USER_GROUP;
	return group ? sd_bus_reply_method_return(call, "v", "s", group)
		     : sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no unit");
}

static int hello(sd_bus_message *call, sd_bus *bus)
{
	(void)bus;
	return sd_bus_reply_method_return(call, "s", ":1.7");
}

static int nothing(sd_bus_message *call, sd_bus *bus)
{
	(void)bus;
	return sd_bus_reply_method_return(call, NULL);
}

static const struct {
	const char *method;
	int (*run)(sd_bus_message *call, sd_bus *bus);
} methods[] = {
	{ "Hello", hello },
	{ "AddMatch", nothing },
	{ "RemoveMatch", nothing },
	{ "StartTransientUnit", start },
	{ "StopUnit", stop },
	{ "SetUnitProperties", set },
	{ "Get", get },
	{ "ResetFailedUnit", note_words },
	{ "AttachProcessesToUnit", note_words },
};

static int on_message(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *member = sd_bus_message_get_member(message);

	(void)error;
	for (size_t i = 0; member && i < sizeof methods / sizeof *methods; i++)
		if (strcmp(member, methods[i].method) == 0) {
			int ret = methods[i].run(message, context);
			return ret < 0 ? ret : 1;
		}
	return 0;
}

static void serve(int connection)
{
	sd_bus *bus = NULL;
	sd_id128_t id;
	int ret = 0;

	if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, connection, connection) < 0 ||
	    sd_id128_randomize(&id) < 0 || sd_bus_set_server(bus, 1, id) < 0 ||
	    sd_bus_add_filter(bus, NULL, on_message, bus) < 0 || sd_bus_start(bus) < 0)
		exit(1);
	for (ending = false; ret >= 0 && !ending;) {
		ret = sd_bus_process(bus, NULL);
		if (ret == 0)
			ret = sd_bus_wait(bus, UINT64_MAX);
	}
	sd_bus_close_unref(bus);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;

	if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	notes = fopen(argv[2], "ae");
	/* Who has the reply may read the note. */
	if (notes)
		setvbuf(notes, NULL, _IONBF, 0);
	hierarchies = argv + 3;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!notes || listener < 0 ||
	    bind(listener, (const struct sockaddr *)&address, sizeof address) ||
	    listen(listener, 8)) {
		perror(argv[1]);
		return 1;
	}
	/* The caller that has us as a child ends us. */
	for (;;) {
		int connection = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
		if (connection >= 0)
			serve(connection);
	}
}
