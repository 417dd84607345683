#include "runtime/seccomp_support.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "spec/base/sys.h"

bool seccomp_flag_is_supported(uint64_t flag)
{
	/* This one is refused where no listener is asked for as well. */
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* The kernel looks at the flags before it reads the filter, which is not there. */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned)flag, NULL) < 0 && errno == EFAULT;
}

bool seccomp_action_is_available(uint32_t action)
{
	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
