/* The entries of a layer's tar: ustar, PAX, GNU long names and sparse files, by libarchive, which reads only.
 * Bounds what an entry may make us hold. Knows no layer rules and no file system. */
#pragma once

#include "imgtool/layer/entry.h"
#include "imgtool/layer/plain.h"

struct tar;

/* @plain is borrowed. What is after the archive's end is not looked at but hashed. Errors do not name the layer. */
struct tar *tar_open(struct plain *plain, struct error *err);

/* 1: an entry, borrowed until the next call; 0: the end, when all of @plain has been read and its digests are
 * right; -1, and when the digests are wrong too, the error says that rather. E2BIG, ENAMETOOLONG: names or attributes beyond
 * the bounds of entry.h; EFBIG: all files together are larger than plain's max_size, holes included. Refused too: owners beyond
 * 32 bits, and content of what is not a file. Then only tar_close is left. */
int tar_next(struct tar *tar, const struct entry **ret, struct error *err);

/* The data of the entry: 1 and a piece that belongs at *offset of the file, borrowed until the next call; what lies
 * between pieces is a hole. 0 at the end, -1. */
int tar_data(struct tar *tar, const void **ret, size_t *length, int64_t *offset, struct error *err);

void tar_close(struct tar *tar); /* NULL allowed */
