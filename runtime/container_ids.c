#include "runtime/container_ids.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>

#include "runtime/container.h"
#include "spec/base/owned.h"

static int is_container(const struct dirent *entry)
{
	return container_check_id(entry->d_name, NULL) == 0;
}

int container_ids(int root, struct string_list *ids, struct error *err)
{
	struct dirent **entries = NULL;
	int failed = 0;
	int n = scandirat(root, ".", &entries, is_container, alphasort);

	if (n < 0)
		return error_errno(err, errno, "read the state root");
	for (int i = 0; i < n; i++) {
		if (!failed && string_list_add(ids, entries[i]->d_name))
			failed = error_errno(err, ENOMEM, "read the state root");
		free(entries[i]);
	}
	free(entries);
	return failed;
}

static int compile(const char *expression, regex_t *ret, struct error *err)
{
	char reason[256];
	int code = regcomp(ret, expression, REG_EXTENDED | REG_NOSUB);

	if (!code)
		return 0;
	regerror(code, ret, reason, sizeof reason);
	return error_set(err, EINVAL, "regular expression '%s': %s", expression, reason);
}

int container_ids_matching(int root, const char *expression, struct string_list *ids,
			   struct error *err)
{
	OWNED(string_list_finish) struct string_list all = { 0 };
	int failed = 0;
	regex_t regex;

	if (container_ids(root, &all, err) || compile(expression, &regex, err))
		return -1;
	for (size_t i = 0; i < all.n && !failed; i++)
		if (regexec(&regex, all.v[i], 0, NULL, 0) == 0 && string_list_add(ids, all.v[i]))
			failed = error_errno(err, ENOMEM, "read the state root");
	regfree(&regex);
	return failed;
}
