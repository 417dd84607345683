/* Which manifest of a layout a reference and a platform mean. */
#pragma once

#include "imgtool/image/manifests.h"

struct image_choice {
	struct descriptor descriptor; /* of the manifest; media type, digest and size alone */
	const struct descriptor *top; /* the one of @index that led to it */
};

/* Descriptors that name no platform have that of their config. Of several that suit within one index the best counts,
 * then the first, image-index.md; several below different names are an error that lists the names, as
 * one that suits nobody lists the platforms. *ret borrows from @index; finish it when this returns 0. */
int image_choose(const struct image_files *files, const struct image_index *index,
		 const struct reference *reference, const struct wanted_platform *platform,
		 struct image_choice *ret, struct error *err);
void image_choice_finish(struct image_choice *choice);
