#include "imgtool/image/docker_name.h"

#include <string.h>

#include "spec/base/text.h"

/* Cuts the default registry and the folder of Docker's own images there. */
static const char *familiar(const char *name)
{
	static const char *const registries[] = { "docker.io/", "index.docker.io/" };

	for (size_t i = 0; i < sizeof registries / sizeof *registries; i++)
		if (text_starts_with(name, registries[i]))
			name += strlen(registries[i]);
	if (text_starts_with(name, "library/") && !strchr(name + strlen("library/"), '/'))
		name += strlen("library/");
	return name;
}

/* The tag, cut off from the length of the name; a colon before the last slash is that of a port. */
static const char *tag_of(const char *name, size_t *length)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strrchr(slash ? slash : name, ':');

	*length = colon ? (size_t)(colon - name) : strlen(name);
	return colon ? colon + 1 : "latest";
}

bool docker_name_equal(const char *a, const char *b)
{
	size_t length_a, length_b;

	a = familiar(a);
	b = familiar(b);
	const char *tag_a = tag_of(a, &length_a), *tag_b = tag_of(b, &length_b);
	return length_a == length_b && strncmp(a, b, length_a) == 0 && strcmp(tag_a, tag_b) == 0;
}
