/* Capability sets: names to masks, masks to the calling thread. Names come from libcap; the system
 * calls are made directly, because a mask is one capset(2) and libcap's objects are not needed. */
#include "runtime/caps.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "spec/base/owned.h"

#define BIT(n) (UINT64_C(1) << (n))

static unsigned known_bits(void)
{
	int bits = cap_max_bits();

	return bits < 0 ? 0 : (bits > 63 ? 63 : (unsigned)bits);
}

uint64_t caps_all(void)
{
	return BIT(known_bits()) - 1;
}

static int get_sets(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (capget(&header, data))
		return -1;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	if (capset(&header, data))
		return error_errno(err, errno,
				   "set capabilities: effective %#jx, permitted %#jx, "
				   "inheritable %#jx",
				   (uintmax_t)effective, (uintmax_t)permitted,
				   (uintmax_t)inheritable);
	return 0;
}

static uint64_t bounding_set(void)
{
	uint64_t bounding = 0;

	for (unsigned n = 0; n < known_bits(); n++)
		if (prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 1)
			bounding |= BIT(n);
	return bounding;
}

uint64_t caps_grantable(void)
{
	uint64_t effective, permitted, inheritable;

	if (get_sets(&effective, &permitted, &inheritable))
		return 0;
	return permitted & bounding_set();
}

/* cap_from_name(3) stops at the first character that no name can have and takes numbers as well;
 * config.json knows neither. */
static bool is_name(const char *text)
{
	if (strncasecmp(text, "CAP_", 4) != 0)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

int caps_names(struct string_list *names)
{
	for (cap_value_t number = 0; number < 64; number++) {
		char *name = cap_to_name(number);
		bool named = name && isalpha((unsigned char)*name);
		int failed = !name;

		/* Behind the last that it knows a name for, libcap gives the number. */
		for (char *at = name; named && *at; at++)
			*at = (char)toupper((unsigned char)*at);
		if (named)
			failed = string_list_add(names, name);
		cap_free(name);
		if (failed)
			return -1;
	}
	return 0;
}

/* One text for a reason and a name, however many sets name it. */
static int warn_once(struct string_list *warnings, const char *name, const char *reason,
		     struct error *err)
{
	owned_string text = text_format("capability %s left out: %s", name, reason);

	if (!text || (!string_list_has(warnings, text) && string_list_add(warnings, text)))
		return error_errno(err, ENOMEM, "process.capabilities");
	return 0;
}

static int resolve_set(const struct string_list *names, uint64_t grantable, uint64_t *ret,
		       struct string_list *warnings, struct error *err)
{
	uint64_t set = 0;

	for (size_t i = 0; i < names->n; i++) {
		cap_value_t number;
		const char *reason = NULL;

		if (!is_name(names->v[i]) || cap_from_name(names->v[i], &number))
			reason = "unknown name";
		else if (number < 0 || (unsigned)number >= known_bits())
			reason = "unknown to this kernel";
		else if (!(grantable & BIT(number)))
			reason = "the runtime itself does not have it";
		if (!reason)
			set |= BIT(number);
		else if (warn_once(warnings, names->v[i], reason, err))
			return -1;
	}
	*ret = set;
	return 0;
}

/* Drops from @set what is not in @allowed, since the kernel would refuse the whole set for it. One
 * warning for all: the default configuration of runc 1.1 makes three of them every time. */
static int restrict_set(uint64_t *set, uint64_t allowed, const char *reason,
			struct string_list *warnings, struct error *err)
{
	uint64_t dropped = *set & ~allowed;
	struct buffer names = { 0 };

	*set &= allowed;
	for (unsigned n = 0; dropped >> n; n++) {
		if (!(dropped & BIT(n)))
			continue;
		char *name = cap_to_name((cap_value_t)n);
		buffer_print(&names, "%s%s", names.length ? ", " : "", name ? name : "");
		names.failed = names.failed || !name;
		cap_free(name);
	}
	int failed = names.failed ? error_errno(err, ENOMEM, "process.capabilities")
		     : names.text ? warn_once(warnings, names.text, reason, err)
				  : 0;
	buffer_finish(&names);
	return failed;
}

int caps_resolve(const struct capabilities *from, uint64_t grantable, struct caps *ret,
		 struct string_list *warnings, struct error *err)
{
	struct caps caps = { 0 };

	*ret = caps;
	if (!from)
		return 0;
	if (resolve_set(&from->bounding, grantable, &caps.bounding, warnings, err) ||
	    resolve_set(&from->effective, grantable, &caps.effective, warnings, err) ||
	    resolve_set(&from->permitted, grantable, &caps.permitted, warnings, err) ||
	    resolve_set(&from->inheritable, grantable, &caps.inheritable, warnings, err) ||
	    resolve_set(&from->ambient, grantable, &caps.ambient, warnings, err))
		return -1;
	if (restrict_set(&caps.effective, caps.permitted, "effective, but not permitted", warnings,
			 err) ||
	    restrict_set(&caps.inheritable, caps.bounding, "inheritable, but not in bounding",
			 warnings, err) ||
	    restrict_set(&caps.ambient, caps.permitted & caps.inheritable,
			 "ambient, but not both permitted and inheritable", warnings, err))
		return -1;
	*ret = caps;
	return 0;
}

/* Not asked first what is there: a runtime normally has everything, and where it does, asking adds a
 * quarter to what dropping costs (0.45 us each; dropping what is absent is a success). */
int caps_limit_bounding(const struct caps *caps, struct error *err)
{
	for (unsigned n = 0; n < known_bits(); n++) {
		if (caps->bounding & BIT(n))
			continue;
		if (prctl(PR_CAPBSET_DROP, n, 0, 0, 0) == 0)
			continue;
		int code = errno;
		/* Without CAP_SETPCAP even dropping what is not there is refused. */
		if (code == EPERM && prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 0)
			continue;
		return error_errno(err, code, "drop capability %u from the bounding set", n);
	}
	return 0;
}

static int raise_ambient(const struct caps *caps, struct error *err)
{
	/* capset(2) has already lowered what is not both permitted and inheritable. */
	if (!(caps->permitted & caps->inheritable))
		return 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return error_errno(err, errno, "clear ambient capabilities");
	for (unsigned n = 0; n < known_bits(); n++)
		if (caps->ambient & BIT(n) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0))
			return error_errno(err, errno, "raise ambient capability %u", n);
	return 0;
}

int caps_set_keeping(const struct caps *caps, uint64_t also, struct error *err)
{
	uint64_t effective, permitted, inheritable;

	if (get_sets(&effective, &permitted, &inheritable))
		return error_errno(err, errno, "read capabilities");
	also &= permitted;
	if (set_sets(caps->effective | also, caps->permitted | also, caps->inheritable, err))
		return -1;
	return raise_ambient(caps, err);
}

int caps_set(const struct caps *caps, struct error *err)
{
	return set_sets(caps->effective, caps->permitted, caps->inheritable, err);
}
