/* Any bytes as a cached seccomp filter: the file is refused, or taken as a whole.
 * The first byte says how to bend a correct file before the rest is laid over it, since
 * random bytes alone never get past the checksum. */
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/seccomp_cache.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct buffer key = { .text = (char[]){ "the text a filter is made from" },
				   .length = 30 };
static const struct sock_filter program[] = {
	{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
	{ BPF_RET | BPF_K, 0, 0, 0x7fff0000 },
};

static char folder[] = "/tmp/fuzz_seccomp_cache.XXXXXX";
static char *correct, *name;
static size_t correct_length;

static void remove_folder(void)
{
	owned_fd cache = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (name)
		unlinkat(cache, name, 0);
	rmdir(folder);
	free(correct);
	free(name);
}

/* Saves once and keeps the bytes and the name of the file. */
static int set_up(void)
{
	int cache = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (cache < 0)
		abort();
	atexit(remove_folder);
	seccomp_cache_save(cache, &key, program, 2);
	owned_dir dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			name = strdup(entry->d_name);
	if (!name || read_file_at(cache, name, 4096, &correct, &correct_length, NULL))
		abort();
	return cache;
}

static void check(int cache, const void *bytes, size_t length)
{
	owned_memory struct sock_filter *loaded = NULL;

	if (write_file_atomic_at(cache, name, bytes, length, 0600, NULL))
		abort();
	size_t n = seccomp_cache_load(cache, &key, &loaded);
	if ((n == 0) != (loaded == NULL))
		abort();
	/* What is taken must be a whole file: reading every instruction finds a wrong count. */
	for (size_t i = 0; i < n; i++) {
		volatile uint16_t code = loaded[i].code;
		(void)code;
	}
	if (n && length != correct_length + n * sizeof program[0] - sizeof program)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int cache = -1;
	char bent[4096];

	if (cache < 0)
		cache = set_up();
	check(cache, data, size);
	if (size < 2 || size > sizeof bent - correct_length - 256)
		return 0;
	size_t at = data[0];
	memset(bent, 0, sizeof bent);
	memcpy(bent, correct, correct_length);
	memcpy(bent + at, data + 1, size - 1);
	check(cache, bent, at + size - 1 > correct_length ? at + size - 1 : correct_length);
	return 0;
}
