/* The few forms in which the kernel writes numbers into files of a group. Must not know what they
 * count. */
#pragma once

#include "spec/events.h"

/* All of these: 0 when the file was read, 1 when the group has no such file (or is going away), -1 with
 * err, which names the file, when it is not in its form. */

/* The whole file, for the caller to free. */
int statistics_text(int group, const char *file, char **ret, struct error *err);

size_t statistics_count_lines(const char *text);

/* One number; "max" is UINT64_MAX, and less than 0, which bugs of kernels make, is 0. */
int statistics_number(int group, const char *file, uint64_t *ret, struct error *err);

/* Numbers in files of their own, to members of one struct: what is absent stays as it is. */
struct statistics_file {
	const char *file;
	size_t offset; /* of a uint64_t */
};
int statistics_numbers(int group, const struct statistics_file *files, size_t n, void *to,
		       struct error *err);

/* Lines "key number", to members of one struct; other keys are passed over. */
struct statistics_key {
	const char *key;
	size_t offset;	/* of a uint64_t */
	uint64_t scale; /* the number is multiplied by it */
};
int statistics_keys(int group, const char *file, const struct statistics_key *keys, size_t n,
		    void *to, struct error *err);

/* Lines "key number" as a JSON object sorted by key. */
int statistics_object(int group, const char *file, char **json, struct error *err);

/* Numbers between blanks. */
int statistics_list(int group, const char *file, struct uint64_list *to, struct error *err);

/* The digits of @text, or a negative number as 0. */
int statistics_parse(const char *text, uint64_t *ret, const char *file, struct error *err);

/* Appends @value. */
int statistics_list_add(struct uint64_list *list, uint64_t value, struct error *err);
/* Appends an entry with a copy of @op; NULL or "": none. */
int statistics_io_add(struct io_entry_list *list, const struct io_entry *entry, struct error *err);

/* The controller pids has the same files in both versions. */
int statistics_read_pids(int group, struct statistics *to, struct error *err);

/* The page sizes that the controller hugetlb of @group counts, by the names of its files that end in
 * @suffix (".current", ".usage_in_bytes"). */
int statistics_page_sizes(int group, const char *suffix, struct string_list *sizes,
			  struct error *err);
/* An empty entry for the page size @size. NULL when memory is out. */
struct hugetlb_statistics *statistics_hugetlb_add(struct hugetlb_statistics_list *list,
						  const char *size);
