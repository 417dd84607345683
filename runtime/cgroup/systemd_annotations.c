/* Properties of a scope that engines ask for with annotations: which names are allowed, and the part of
 * GVariant's text format that their values need (https://docs.gtk.org/glib/gvariant-text-format.html).
 * Must not know what the properties do beyond that they cannot harm. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/systemd.h"
#include "spec/base/owned.h"

#define PREFIX SYSTEMD_ANNOTATION_PREFIX
#define USEC_PER_SEC 1000000u
#define EXACT_DOUBLE 9007199254740992.0 /* 2^53 */

struct allowed {
	const char *name, *signature;
};

/* What shapes the scope itself: its life, its limits, its place in the order of the shutdown. Whatever
 * names another unit to be started or stopped, an action or a program is not here. */
static const struct allowed allowed[] = {
	{ "After", "as" },
	{ "Before", "as" },
	{ "CollectMode", "s" },
	{ "CPUQuotaPerSecUSec", "t" },
	{ "CPUQuotaPeriodUSec", "t" },
	{ "CPUWeight", "t" },
	{ "DefaultDependencies", "b" },
	{ "Description", "s" },
	{ "Documentation", "as" },
	{ "FinalKillSignal", "i" },
	{ "IOWeight", "t" },
	{ "KillSignal", "i" },
	{ "ManagedOOMMemoryPressure", "s" },
	{ "ManagedOOMPreference", "s" },
	{ "ManagedOOMSwap", "s" },
	{ "MemoryHigh", "t" },
	{ "MemoryLow", "t" },
	{ "MemoryMax", "t" },
	{ "MemoryMin", "t" },
	{ "MemorySwapMax", "t" },
	{ "OOMPolicy", "s" },
	{ "RestartKillSignal", "i" },
	{ "RuntimeMaxUSec", "t" },
	{ "SendSIGHUP", "b" },
	{ "SendSIGKILL", "b" },
	{ "StartupCPUWeight", "t" },
	{ "StartupIOWeight", "t" },
	{ "TasksMax", "t" },
	{ "TimeoutStopUSec", "t" },
};

/* The name before "Sec" if @name is a time in seconds: a lower-case letter is before it, so that "USec",
 * which is microseconds, is none. */
static size_t seconds_stem(const char *name)
{
	size_t length = strlen(name);

	if (length < 4 || strcmp(name + length - 3, "Sec") != 0)
		return 0;
	char before = name[length - 4];
	return before >= 'a' && before <= 'z' ? length - 3 : 0;
}

static const struct allowed *find_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (strcmp(allowed[i].name, name) == 0)
			return &allowed[i];
	return NULL;
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* "uint64 5", "@t 5" → "5". */
static const char *skip_number_type(const char *at)
{
	static const char *const words[] = { "byte",   "int16", "uint16", "int32",
					     "uint32", "int64", "uint64" };

	if (*at == '@')
		return skip_space(at + 1 + strcspn(at + 1, " \t\r\n"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);
		if (strncmp(at, words[i], length) == 0 && strchr(" \t", at[length]) && at[length])
			return skip_space(at + length);
	}
	return at;
}

static bool at_end(const char *at)
{
	return !*skip_space(at);
}

/* Seconds may have a fraction. */
static int parse_fraction(const char *at, uint64_t factor, uint64_t *ret)
{
	char *end;
	double value = strtod(at, &end);

	if (end == at || !at_end(end) || !isfinite(value) || value < 0 ||
	    value * (double)factor > EXACT_DOUBLE)
		return -1;
	*ret = (uint64_t)(value * (double)factor);
	return 0;
}

static int parse_unsigned(const char *text, uint64_t factor, uint64_t *ret)
{
	const char *at = skip_number_type(skip_space(text));
	char *end;

	at += *at == '+';
	if (*at < '0' || *at > '9')
		return -1;
	if (factor != 1 && at[strspn(at, "0123456789")] == '.')
		return parse_fraction(at, factor, ret);
	errno = 0;
	unsigned long long value = strtoull(at, &end, 0);
	return errno || !at_end(end) || __builtin_mul_overflow(value, factor, ret) ? -1 : 0;
}

static int parse_int32(const char *text, int32_t *ret)
{
	const char *at = skip_number_type(skip_space(text));
	char *end;

	errno = 0;
	long value = strtol(at, &end, 0);
	if (errno || end == at || !at_end(end) || value < INT32_MIN || value > INT32_MAX)
		return -1;
	*ret = (int32_t)value;
	return 0;
}

/* One quoted string at *@at, which is moved behind it. Control characters, which no name or
 * description needs, are refused: a value is one word of one line on its way to systemd. */
static char *parse_string(const char **at)
{
	const char *from = skip_space(*at);
	char quote = *from;
	owned_string text = malloc(strlen(from) + 1);
	size_t length = 0;

	if (!text || (quote != '\'' && quote != '"'))
		return NULL;
	for (from++; *from != quote; from++) {
		if (*from == '\\')
			from++;
		if ((unsigned char)*from < ' ' || *from == 127)
			return NULL;
		text[length++] = *from;
	}
	text[length] = '\0';
	*at = skip_space(from + 1);
	return take_pointer(text);
}

static int add_string(struct systemd_property *property, const char **at)
{
	owned_string text = parse_string(at);

	return text ? string_list_add(&property->values, text) : -1;
}

/* "['a', 'b']", "@as []" */
static int add_strings(struct systemd_property *property, const char *at)
{
	if (text_starts_with(at, "@as"))
		at = skip_space(at + 3);
	if (*at != '[')
		return -1;
	at = skip_space(at + 1);
	while (*at != ']') {
		if (add_string(property, &at))
			return -1;
		if (*at == ',')
			at = skip_space(at + 1);
		else if (*at != ']')
			return -1;
	}
	return at_end(at + 1) ? 0 : -1;
}

static int add_boolean(struct systemd_property *property, const char *at)
{
	const char *word = text_starts_with(at, "true") ? "true" : "false";

	if (!text_starts_with(at, word) || !at_end(at + strlen(word)))
		return -1;
	return string_list_add(&property->values, word);
}

static int add_number(struct systemd_property *property, const char *at, uint64_t factor)
{
	char text[24];
	uint64_t number;
	int32_t small;

	if (*property->signature == 'i') {
		if (parse_int32(at, &small))
			return -1;
		snprintf(text, sizeof text, "%" PRId32, small);
	} else {
		if (parse_unsigned(at, factor, &number))
			return -1;
		snprintf(text, sizeof text, "%" PRIu64, number);
	}
	return string_list_add(&property->values, text);
}

static int add_value(struct systemd_property *property, const char *text, uint64_t factor)
{
	const char *at = skip_space(text);

	if (strcmp(property->signature, "as") == 0)
		return add_strings(property, at);
	switch (*property->signature) {
	case 's':
		return add_string(property, &at) || *at ? -1 : 0;
	case 'b':
		return add_boolean(property, at);
	default:
		return add_number(property, at, factor);
	}
}

static const char *described(const char *signature)
{
	return strcmp(signature, "as") == 0 ? "an array of strings, ['…']"
	       : *signature == 's'	    ? "a string, '…'"
	       : *signature == 'b'	    ? "true or false"
					    : "a number, such as uint64 5";
}

static int add_annotation(struct systemd_scope *scope, const struct string_pair *annotation,
			  struct error *err)
{
	const char *name = annotation->key + strlen(PREFIX);
	size_t stem = seconds_stem(name);
	owned_string full = stem ? text_format("%.*sUSec", (int)stem, name) : strdup(name);

	if (!full)
		return error_errno(err, ENOMEM, "annotations");
	const struct allowed *entry = find_allowed(full);
	if (!entry) {
		error_set(err, EPERM,
			  "annotations['%.200s']: systemd property '%.100s' is not allowed",
			  annotation->key, full);
		return error_hint(
			err, "only properties that cannot act outside the container's scope are");
	}
	struct systemd_property *property =
		systemd_properties_add(&scope->properties, entry->name, entry->signature, 0, err);
	if (!property)
		return -1;
	if (add_value(property, annotation->value, stem ? USEC_PER_SEC : 1))
		return error_set(err, EINVAL, "annotations['%.200s']: '%.200s' is not %s",
				 annotation->key, annotation->value, described(entry->signature));
	return 0;
}

int systemd_scope_add_annotations(struct systemd_scope *scope, const struct string_map *annotations,
				  struct error *err)
{
	for (size_t i = 0; i < annotations->n; i++)
		if (text_starts_with(annotations->v[i].key, PREFIX) &&
		    add_annotation(scope, &annotations->v[i], err))
			return -1;
	return 0;
}
