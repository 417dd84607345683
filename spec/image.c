/* The tables of an image's documents. Knows no file and no digest. */
#include "spec/image.h"

#include "spec/table_fields.h"

static const struct field platform_fields[] = {
	FIELD_STRING(platform, architecture, "architecture", REQUIRED),
	FIELD_STRING(platform, os, "os", REQUIRED),
	FIELD_STRING(platform, os_version, "os.version"),
	FIELD_STRING_LIST(platform, os_features, "os.features"),
	FIELD_STRING(platform, variant, "variant"),
};
TYPE(platform);

static const struct field descriptor_fields[] = {
	FIELD_STRING(descriptor, media_type, "mediaType", REQUIRED),
	FIELD_STRING(descriptor, digest, "digest", REQUIRED),
	FIELD_INT64(descriptor, size, "size", REQUIRED, ALWAYS, RANGE(0, INT64_MAX)),
	FIELD_STRING_LIST(descriptor, urls, "urls"),
	FIELD_STRING_MAP(descriptor, annotations, "annotations"),
	FIELD_STRING(descriptor, data, "data"),
	FIELD_STRING(descriptor, artifact_type, "artifactType"),
	FIELD_OBJECT(descriptor, platform, "platform", platform),
};
TYPE(descriptor);

static const struct field image_layout_fields[] = {
	FIELD_STRING(image_layout, version, "imageLayoutVersion", REQUIRED),
};
TYPE(image_layout);

static const struct field image_document_fields[] = {
	FIELD_OPT_INT64(image_document, schema_version, "schemaVersion"),
	FIELD_STRING(image_document, media_type, "mediaType"),
	FIELD_JSON(image_document, manifests, "manifests"),
	FIELD_JSON(image_document, config, "config"),
	FIELD_JSON(image_document, layers, "layers"),
	FIELD_JSON(image_document, fs_layers, "fsLayers"),
};
TYPE(image_document);

static const struct field image_index_fields[] = {
	FIELD_INT64(image_index, schema_version, "schemaVersion", REQUIRED, ALWAYS, RANGE(2, 2)),
	FIELD_STRING(image_index, media_type, "mediaType"),
	FIELD_STRING(image_index, artifact_type, "artifactType"),
	FIELD_OBJECT_LIST(image_index, manifests, "manifests", descriptor, REQUIRED, ALWAYS),
	FIELD_STRING_MAP(image_index, annotations, "annotations"),
};
TYPE(image_index);

static const struct field image_manifest_fields[] = {
	FIELD_INT64(image_manifest, schema_version, "schemaVersion", REQUIRED, ALWAYS, RANGE(2, 2)),
	FIELD_STRING(image_manifest, media_type, "mediaType"),
	FIELD_STRING(image_manifest, artifact_type, "artifactType"),
	FIELD_OBJECT(image_manifest, config, "config", descriptor, REQUIRED),
	FIELD_OBJECT_LIST(image_manifest, layers, "layers", descriptor, REQUIRED, ALWAYS),
	FIELD_STRING_MAP(image_manifest, annotations, "annotations"),
};
TYPE(image_manifest);

/* The value of a key says nothing. */
static const struct field set_key_fields[] = {};
TYPE(set_key);

/* Docker writes these names, and the specification keeps them. */
static const struct field image_process_fields[] = {
	FIELD_STRING(image_process, user, "User"),
	FIELD_OBJECT_MAP(image_process, exposed_ports, "ExposedPorts", set_key),
	FIELD_STRING_LIST(image_process, env, "Env"),
	FIELD_STRING_LIST(image_process, entrypoint, "Entrypoint"),
	FIELD_STRING_LIST(image_process, cmd, "Cmd"),
	FIELD_OBJECT_MAP(image_process, volumes, "Volumes", set_key),
	FIELD_STRING(image_process, working_dir, "WorkingDir"),
	FIELD_STRING_MAP(image_process, labels, "Labels"),
	FIELD_STRING(image_process, stop_signal, "StopSignal"),
};
TYPE(image_process);

static const struct field image_rootfs_fields[] = {
	FIELD_STRING(image_rootfs, type, "type", REQUIRED),
	FIELD_STRING_LIST(image_rootfs, diff_ids, "diff_ids", ALWAYS),
};
TYPE(image_rootfs);

static const struct field history_entry_fields[] = {
	FIELD_STRING(history_entry, created, "created"),
	FIELD_STRING(history_entry, created_by, "created_by"),
	FIELD_STRING(history_entry, author, "author"),
	FIELD_STRING(history_entry, comment, "comment"),
	FIELD_BOOL(history_entry, empty_layer, "empty_layer"),
};
TYPE(history_entry);

static const struct field image_config_fields[] = {
	FIELD_STRING(image_config, created, "created"),
	FIELD_STRING(image_config, author, "author"),
	FIELD_STRING(image_config, architecture, "architecture", REQUIRED),
	FIELD_STRING(image_config, os, "os", REQUIRED),
	FIELD_STRING(image_config, os_version, "os.version"),
	FIELD_STRING_LIST(image_config, os_features, "os.features"),
	FIELD_STRING(image_config, variant, "variant"),
	FIELD_OBJECT(image_config, config, "config", image_process),
	FIELD_OBJECT(image_config, rootfs, "rootfs", image_rootfs, REQUIRED),
	FIELD_OBJECT_LIST(image_config, history, "history", history_entry),
};
TYPE(image_config);

static const struct field docker_image_fields[] = {
	FIELD_STRING(docker_image, config, "Config", REQUIRED),
	FIELD_STRING_LIST(docker_image, repo_tags, "RepoTags", ALWAYS),
	FIELD_STRING_LIST(docker_image, layers, "Layers", ALWAYS),
};
TYPE(docker_image);
