#include "runtime/resources_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/size.h"

enum value_kind {
	VALUE_TEXT,	/* char * */
	VALUE_UINT32,	/* struct opt_uint32; 0 is as good as none */
	VALUE_UNSIGNED, /* struct opt_uint64 */
	VALUE_SIGNED,	/* struct opt_int64 */
	VALUE_SIZE,	/* struct opt_int64: bytes, or -1 */
};

struct value {
	const char *option, *word;
	enum value_kind kind;
	void *target;
};

static int parse_value(const struct value *value, struct error *err)
{
	struct opt_uint64 *as_unsigned = value->target;
	struct opt_int64 *as_signed = value->target;
	uint64_t number = 0;

	switch (value->kind) {
	case VALUE_TEXT:
		*(char **)value->target = strdup(value->word);
		return *(char **)value->target ? 0 : error_errno(err, ENOMEM, "resources");
	case VALUE_UINT32:
		if (text_to_uint64(value->word, &number) || number > UINT32_MAX)
			return error_set(err, EINVAL, "'%.100s' is no number", value->word);
		*(struct opt_uint32 *)value->target =
			(struct opt_uint32){ number != 0, (uint32_t)number };
		return 0;
	case VALUE_UNSIGNED:
		as_unsigned->set = true;
		return text_to_uint64(value->word, &as_unsigned->value)
			       ? error_set(err, EINVAL, "'%.100s' is no number", value->word)
			       : 0;
	case VALUE_SIZE:
		if (strcmp(value->word, "-1") != 0) {
			as_signed->set = true;
			return size_parse(value->word, &as_signed->value, err);
		}
		__attribute__((fallthrough));
	case VALUE_SIGNED:
		as_signed->set = true;
		return text_to_int64(value->word, &as_signed->value)
			       ? error_set(err, EINVAL, "'%.100s' is no number", value->word)
			       : 0;
	}
	return 0;
}

static struct resources *new_resources(struct error *err)
{
	static const char parts[] = "{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{}}";

	return resources_of_json(parts, sizeof parts - 1, "resources", err);
}

struct resources *resources_of_words(const struct resources_words *words, struct error *err)
{
	struct resources *new = new_resources(err);

	if (!new)
		return NULL;
	struct cpu *cpu = new->cpu;
	struct memory *memory = new->memory;
	/* clang-format off */
	const struct value values[] = {
		{ "blkio-weight", words->blkio_weight, VALUE_UINT32, &new->block_io->weight },
		{ "cpu-period", words->cpu_period, VALUE_UNSIGNED, &cpu->period },
		{ "cpu-quota", words->cpu_quota, VALUE_SIGNED, &cpu->quota },
		{ "cpu-burst", words->cpu_burst, VALUE_UNSIGNED, &cpu->burst },
		{ "cpu-share", words->cpu_share, VALUE_UNSIGNED, &cpu->shares },
		{ "cpu-rt-period", words->cpu_rt_period, VALUE_UNSIGNED, &cpu->realtime_period },
		{ "cpu-rt-runtime", words->cpu_rt_runtime, VALUE_SIGNED, &cpu->realtime_runtime },
		{ "cpuset-cpus", words->cpuset_cpus, VALUE_TEXT, &cpu->cpus },
		{ "cpuset-mems", words->cpuset_mems, VALUE_TEXT, &cpu->mems },
		{ "cpu-idle", words->cpu_idle, VALUE_SIGNED, &cpu->idle },
		{ "memory", words->memory, VALUE_SIZE, &memory->limit },
		{ "memory-reservation", words->memory_reservation, VALUE_SIZE, &memory->reservation },
		{ "memory-swap", words->memory_swap, VALUE_SIZE, &memory->swap },
		{ "kernel-memory", words->kernel_memory, VALUE_SIZE, &memory->kernel },
		{ "kernel-memory-tcp", words->kernel_memory_tcp, VALUE_SIZE, &memory->kernel_tcp },
		{ "pids-limit", words->pids_limit, VALUE_SIGNED, &new->pids->limit },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (values[i].word && *values[i].word && parse_value(&values[i], err)) {
			error_prefix(err, "invalid value for %s", values[i].option);
			resources_free(new);
			return NULL;
		}
	return new;
}

struct resources *resources_of_json(const char *text, size_t length, const char *name,
				    struct error *err)
{
	struct problems problems = { 0 };
	struct resources *resources = table_parse(&resources_type, text, length, &problems);

	if (resources)
		resources_validate(resources, "", &problems);
	if (problems_count(&problems)) {
		problems_to_error(&problems, name, err);
		resources_free(resources);
		resources = NULL;
	}
	problems_finish(&problems);
	return resources;
}

struct resources *resources_of_file(const char *path, struct error *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	const char *name = standard_input ? "standard input" : path;
	owned_fd file = standard_input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	owned_string text = NULL;
	size_t length;

	if (!standard_input && file < 0) {
		error_errno(err, errno, "open %s", path);
		return NULL;
	}
	if (read_all(standard_input ? STDIN_FILENO : file, CONFIG_MAX, &text, &length, err)) {
		error_prefix(err, "%s", name);
		return NULL;
	}
	return resources_of_json(text, length, name, err);
}

void resources_free(struct resources *resources)
{
	table_free(&resources_type, resources);
}
