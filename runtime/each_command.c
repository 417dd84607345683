/* One action for several containers: those named, or all that match. Knows no action itself. */
#include <errno.h>
#include <string.h>

#include "runtime/commands.h"
#include "runtime/container_ids.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

static int select_ids(int root, bool regex, int n, char **words, struct string_list *ids,
		      struct error *err)
{
	for (int i = 0; i < n; i++) {
		if (regex && container_ids_matching(root, words[i], ids, err))
			return -1;
		if (!regex && string_list_add(ids, words[i]))
			return error_errno(err, ENOMEM, "container ids");
	}
	return 0;
}

int each_container(int root, bool regex, int n, char **words, container_action *act,
		   struct error *err)
{
	OWNED(string_list_finish) struct string_list ids = { 0 };
	struct error error;

	if (select_ids(root, regex, n, words, &ids, err))
		return -1;
	if (!regex && n == 1)
		return act(root, words[0], err);
	log_about_container(NULL); /* what main took for an id is not the only one, or none */
	for (size_t i = 0; i < ids.n; i++) {
		error = (struct error){ 0 };
		if (act(root, ids.v[i], &error) == 0)
			continue;
		/* The one before is no longer the last: main words only that. */
		if (err->code)
			log_error("%s", err->msg);
		if (!strstr(error.msg, ids.v[i]))
			error_prefix(&error, "container %s", ids.v[i]);
		*err = error;
	}
	return err->code ? -1 : 0;
}
