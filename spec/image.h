/* Images as the OCI image specification (1.1) and `docker save` write them, as C. Field names follow the
 * JSON names. https://github.com/opencontainers/image-spec */
#pragma once

#include "spec/table.h"

struct platform {
	char *architecture, *os, *os_version, *variant;
	struct string_list os_features;
};

/* descriptor.md. @size in bytes; negative ones are refused. */
struct descriptor {
	char *media_type, *digest;
	int64_t size;
	struct string_list urls;
	struct string_map annotations;
	char *data;		   /* the content itself in base64, which may stand for a blob */
	struct platform *platform; /* in an index only */
	char *artifact_type;
};
LIST_OF(descriptor);

/* The file oci-layout. */
struct image_layout {
	char *version;
};

struct image_index {
	int64_t schema_version;
	char *media_type; /* may be absent */
	char *artifact_type;
	struct descriptor_list manifests;
	struct string_map annotations;
};

struct image_manifest {
	int64_t schema_version;
	char *media_type, *artifact_type;
	struct descriptor *config;
	struct descriptor_list layers; /* the base first */
	struct string_map annotations;
};

/* A JSON object whose keys alone matter: { "80/tcp": {} }. */
struct set_key {
	char *key;
};
LIST_OF(set_key);

/* config.md: what a container of the image is to run. */
struct image_process {
	char *user, *working_dir, *stop_signal;
	struct string_list env, entrypoint, cmd;
	struct set_key_list exposed_ports, volumes;
	struct string_map labels;
};

struct image_rootfs {
	char *type;		     /* "layers" */
	struct string_list diff_ids; /* digests of the plain tars, the base first */
};

struct history_entry {
	char *created, *author, *created_by, *comment;
	bool empty_layer;
};
LIST_OF(history_entry);

struct image_config {
	char *created, *author, *architecture, *os, *os_version, *variant;
	struct string_list os_features;
	struct image_process *config; /* may be absent */
	struct image_rootfs *rootfs;
	struct history_entry_list history;
};

/* What any index or manifest says of its kind; the values of fields that only one kind has, as text. */
struct image_document {
	struct opt_int64 schema_version;
	char *media_type;
	char *manifests, *config, *layers;
	char *fs_layers; /* of Docker's schema 1 */
};

/* manifest.json of `docker save`: an array of these. */
struct docker_image {
	char *config; /* file name in the archive */
	struct string_list repo_tags, layers;
};
LIST_OF(docker_image);

extern const struct type image_layout_type, image_document_type, image_index_type,
	image_manifest_type, image_config_type, docker_image_type;

#define IMAGE_SPEC_VERSION "1.1.1"

#define MEDIA_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_TYPE_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

/* The annotation by which a layout's index names its images. */
#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
