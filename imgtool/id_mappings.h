/* The ids that a normal user may give to files and containers: its own, and the ranges of /etc/subuid and /etc/subgid
 * (subuid(5)) when newuidmap(1) and newgidmap(1) are there to map them. */
#pragma once

#include "spec/config.h"

/* As linux.uidMappings and linux.gidMappings of config.json: ids inside from 0 on without a hole. */
struct id_mappings {
	struct id_mapping_list uids, gids;
};

/* The mappings of the calling user: its own id as 0, and its ranges behind it. Without ranges or without those programs
 * its own id alone. Whether they are full (ids up to 65535 inside) is told by id_mappings_full. A malformed line of
 * those files is passed over, as shadow does. For id_mappings_finish, also on failure. */
int id_mappings_of_user(struct id_mappings *ret, struct error *err);

/* Those of the user namespace that the process is in: /proc/self/uid_map, ids outside as its parent namespace sees
 * them. */
int id_mappings_of_process(struct id_mappings *ret, struct error *err);

/* Whether every id is itself: no user namespace but the initial one. */
bool id_mappings_identical(const struct id_mappings *mappings);

/* Whether all ids that images use, 0 to 65535, are mapped. */
bool id_mappings_full(const struct id_mappings *mappings);

/* How many ids are mapped from 0 on without a hole. */
uint64_t id_mappings_count(const struct id_mapping_list *list);

/* Appends a range that maps ids to themselves, from 0 on. */
int id_mappings_add(struct id_mapping_list *list, uint64_t count, struct error *err);

void id_mappings_finish(struct id_mappings *mappings);
