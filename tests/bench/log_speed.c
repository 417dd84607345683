/* How fast lines become records: log_speed FOLDER DRIVER [MEGABYTES [LINE-LENGTH]]. Prints how many MB
 * (1,000,000) of a container's output the log takes a second, by the clock and by processor time, which other load
 * does not change. FOLDER should be on a tmpfs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim/log/write.h"
#include "spec/base/owned.h"

enum { CHUNK = 65536 };

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fill(char *chunk, size_t line)
{
	static const char words[] = "the quick brown fox jumps over the lazy dog 0123456789 ";

	for (size_t i = 0; i < CHUNK; i++)
		chunk[i] = (i + 1) % line ? words[i % (sizeof words - 1)] : '\n';
}

/* The log is emptied now and then, so that it is the writing that is measured and not the memory. */
static void write_all_chunks(struct log_writer *writer, int directory, const char *chunk,
			     int64_t total)
{
	const int64_t most = INT64_C(64) * 1000000;

	for (int64_t done = 0, kept = 0; done < total; done += CHUNK, kept += CHUNK) {
		if (kept > most) {
			unlinkat(directory, "speed.log", 0);
			log_reopen(writer);
			kept = 0;
		}
		log_write(writer, LOG_STDOUT, chunk, CHUNK, now(CLOCK_REALTIME));
	}
}

int main(int argc, char **argv)
{
	const struct log_subject subject = { .id = "0123456789abcdef",
					     .name = "speed",
					     .image = "" };
	const struct string_map none = { 0 };
	static char chunk[CHUNK];
	struct log_options options;
	struct log_writer writer;
	struct error err = { 0 };

	if (argc < 3) {
		fprintf(stderr, "usage: log_speed FOLDER DRIVER [MEGABYTES [LINE-LENGTH]]\n");
		return 2;
	}
	int64_t total = (argc > 3 ? strtol(argv[3], NULL, 10) : 1000) * INT64_C(1000000);
	long line = argc > 4 ? strtol(argv[4], NULL, 10) : 80;
	owned_fd directory = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (total <= 0 || line <= 0 || directory < 0) {
		perror(argv[1]);
		return 2;
	}
	signal(SIGXFSZ, SIG_IGN);
	fill(chunk, (size_t)line);
	if (log_options_parse(argv[2], &none, &options, &err) ||
	    log_writer_open(&writer, &options, &subject, directory, "speed.log", NULL, NULL,
			    &err)) {
		fprintf(stderr, "log_speed: %s\n", err.msg);
		return 1;
	}
	int64_t clock = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
	write_all_chunks(&writer, directory, chunk, total);
	clock = now(CLOCK_MONOTONIC) - clock;
	processor = now(CLOCK_PROCESS_CPUTIME_ID) - processor;
	uint64_t lost = log_writer_close(&writer);
	log_options_finish(&options);
	unlinkat(directory, "speed.log", 0);
	if (lost) {
		fprintf(stderr, "log_speed: the log stopped; there is no room in %s\n", argv[1]);
		return 1;
	}
	printf("%s\t%.0f MB/s by the clock\t%.0f MB/s by processor time\n", argv[2],
	       (double)total * 1000 / (double)clock, (double)total * 1000 / (double)processor);
	return 0;
}
