#include "imgtool/base/list.h"

#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

/* What every LIST_OF looks like, as the table engine has it too. */
struct any_list {
	void **v;
	size_t n;
};

void *list_add_element(void *list, size_t size)
{
	struct any_list *any = list;
	void *element = calloc(1, size);
	void **v = element ? reallocarray(any->v, any->n + 2, sizeof *v) : NULL;

	if (!v) {
		free(element);
		return NULL;
	}
	v[any->n++] = element;
	v[any->n] = NULL;
	any->v = v;
	return element;
}

int string_map_set(struct string_map *map, const char *key, const char *value)
{
	owned_string copy = strdup(value);

	if (!copy)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->v[i].key, key) != 0)
			continue;
		free(map->v[i].value);
		map->v[i].value = take_pointer(copy);
		return 0;
	}
	owned_string name = strdup(key);
	struct string_pair *v = name ? reallocarray(map->v, map->n + 1, sizeof *v) : NULL;
	if (!v)
		return -1;
	v[map->n++] = (struct string_pair){ take_pointer(name), take_pointer(copy) };
	map->v = v;
	return 0;
}
