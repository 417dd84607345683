#include "imgtool/diff/diff.h"

#include <errno.h>
#include <fcntl.h>

#include "imgtool/diff/overlay.h"
#include "imgtool/diff/plain.h"
#include "spec/base/owned.h"

int diff_bundle(const char *path, change_handler *handler, void *context, struct error *err)
{
	owned_fd bundle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return error_errno(err, errno, "bundle %s", path);
	struct bundle_record *record = record_read(bundle, err);
	if (!record)
		return error_prefix(err, "bundle %s", path);
	int result = record->store ? diff_overlay(bundle, record, handler, context, err)
				   : diff_plain(bundle, handler, context, err);
	record_free(record);
	return result ? error_prefix(err, "bundle %s", path) : 0;
}
