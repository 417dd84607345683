/* Making of the lists that tables know (LIST_OF), one element at a time. */
#pragma once

#include <stddef.h>

#include "spec/base/text.h"

/* Appends a new zeroed element and returns it; NULL when memory is out. @list: a struct of LIST_OF. */
#define list_add(list) ((__typeof__(*(list)->v))list_add_element(list, sizeof **(list)->v))

void *list_add_element(void *list, size_t size);

/* Sets a map's entry, anew or over what is there. 0, or -1 with errno. */
int string_map_set(struct string_map *map, const char *key, const char *value);
