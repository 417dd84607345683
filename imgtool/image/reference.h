/* Names of images, in the words of skopeo (containers-transports(5)):
 *   oci:DIR[:TAG|@DIGEST]   oci-archive:FILE[:TAG|@DIGEST]   docker-archive:FILE[:NAME[:TAG]|:@INDEX]   DIR
 * A bare directory is a layout. Knows no file. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

enum transport { TRANSPORT_OCI, TRANSPORT_OCI_ARCHIVE, TRANSPORT_DOCKER_ARCHIVE };

struct reference {
	enum transport transport;
	char *path;
	char *tag; /* org.opencontainers.image.ref.name, or docker's NAME:TAG; NULL: the only image */
	char *digest;  /* of the manifest or index; NULL: not given */
	int64_t index; /* among the images of a docker-archive, from 0; -1: not given */
};

/* A colon ends DIR and FILE, so none may be in them. Finish *ret when this returns 0. */
int reference_parse(const char *text, struct reference *ret, struct error *err);
void reference_finish(struct reference *reference);
