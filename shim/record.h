/* record.json: what is remembered of one container from its making to its removal, across restarts, reboots
 * and the death of its supervisor. Knows no file. Times are nanoseconds since 1970, UTC; 0: not yet. */
#pragma once

#include "shim/states.h"
#include "spec/table.h"

#define RECORD_VERSION 1

/* Largest record.json that is read, in bytes. Labels and health checks are the user's: they make it long. */
#define RECORD_MAX ((size_t)1 << 20)

enum restart_policy_name { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };
extern const struct word restart_policy_words[];

enum health_status { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };
extern const struct word health_status_words[];

/* Docker's, in nanoseconds (restartmanager.go). */
#define RESTART_DELAY INT64_C(100000000)
#define RESTART_MAX_DELAY INT64_C(60000000000)
#define RESTART_RESET INT64_C(10000000000)

/* The longest delay, interval or grace that is taken from anybody: a year, in nanoseconds. Sums of some of
 * them cannot overflow. */
#define RECORD_DELAY_MAX INT64_C(31536000000000000)

/* What the user wants to happen after an exit; the delays in nanoseconds. */
struct restart_settings {
	int policy;		/* enum restart_policy_name */
	uint32_t maximum_count; /* of on-failure; 0: no limit */
	int64_t delay, max_delay, reset;
};

/* A process, told from any other that had or will have its number. */
struct process_identity {
	int64_t pid;	     /* in the supervisor's namespace; 0: none */
	uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks since boot */
	char *boot_id;	     /* /proc/sys/kernel/random/boot_id */
};

/* One run of the check, newest last in the list. */
struct health_result {
	int64_t start, end;
	int64_t exit_code;
	char *output; /* its first 4096 bytes */
};
LIST_OF(health_result);

struct health {
	struct string_list command;
	int64_t interval, timeout, start_period; /* nanoseconds */
	uint32_t retries;
	int status; /* enum health_status */
	uint32_t failing_streak;
	struct health_result_list log;
};

struct log_settings {
	char *driver;
	char *path; /* absolute; NULL: none or not a file */
	struct string_map options;
};

struct record {
	uint32_t version;
	char *id, *name;
	char *bundle; /* absolute */
	char *runtime;
	struct string_list runtime_arguments;
	int64_t created, started, finished;
	int state; /* enum container_state */
	struct process_identity *init;

	/* Of the last run: absent before the first end, and after an end that nobody saw on a kernel that does
	 * not tell (PIDFD_GET_INFO, Linux 6.15). */
	struct opt_int64 exit_code;
	bool oom_killed;
	char *error; /* why it could not be started or cleaned up; NULL: nothing was wrong */

	struct restart_settings *restart;
	uint32_t restart_count;	   /* automatic restarts since it was started by hand or at boot */
	int64_t restart_delay_now; /* the last one's delay, nanoseconds; the next is twice as long */
	bool manual_stop;	   /* stopped by hand since it was started */
	bool policy_cancelled;	   /* its next exit is the last */
	bool started_before;

	char *stop_signal;	       /* a name or a number; NULL: SIGTERM */
	struct opt_int64 stop_timeout; /* seconds; -1: for ever; absent: 10 */
	struct log_settings *log;
	bool terminal, open_stdin, auto_remove;
	char *pid_file;
	struct health *health; /* NULL: no check */
	struct string_map labels;
};
extern const struct type record_type;

/* A record with the defaults of a container that was just made; for record_destroy. NULL: no memory. */
struct record *record_new(const char *id, const char *name, const char *bundle,
			  const char *runtime);
void record_destroy(struct record *record); /* NULL allowed */

/* From the text of record.json. A text that is none, a version that is not ours, an id other than @id and
 * values that no supervisor writes are EINVAL, with the first thing that is wrong in words. Unknown members
 * are passed over, and are gone when the record is next saved: a newer version that has members which must
 * not get lost has a higher number too, and is refused. */
struct record *record_parse(const char *id, const char *text, size_t length, struct error *err);

/* One line of JSON with a newline. */
void record_print(const struct record *record, struct buffer *to);

/* What the container's end is called: its exit code, or 255 when nobody knows it, as docker gives for a container
 * that was found missing. */
int record_exit_code(const struct record *record);
