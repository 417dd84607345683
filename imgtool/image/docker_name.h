/* Docker's names of images, REGISTRY/PATH:TAG, whose registry and tag have defaults. Knows no image. */
#pragma once

#include <stdbool.h>

/* Whether both mean one image: "busybox" is "docker.io/library/busybox:latest". */
bool docker_name_equal(const char *a, const char *b);
