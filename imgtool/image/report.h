/* What `inspect` tells of an image, for people and for programs. */
#pragma once

#include "imgtool/image/image.h"

void image_report_table(const struct image *image, struct buffer *to);

/* One object: names, digests, platform, size, layers, and the manifest and the config as they are in the image. */
void image_report_json(const struct image *image, struct buffer *to);
