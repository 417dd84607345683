/* Annotations: what the image says about itself, its labels, and what the caller adds. conversion.md, Annotations. */
#include <errno.h>
#include <string.h>

#include "imgtool/base/list.h"
#include "imgtool/convert/parts.h"
#include "spec/base/owned.h"
#include "spec/table_path.h"

/* Keys by which a runtime, or what stands above it, takes orders: programs to start, files to write, devices to give,
 * properties of the service manager. They are the administrator's to set, so that a label of an image has no
 * say (CVE-2024-3154, CVE-2026-53488). Ending with '.' or '/': all below. */
static const char *const orders[] = {
	"run.oci.",		  /* crun and orun: handlers, hooks' output, seccomp receivers */
	"krun.",		  /* crun with libkrun */
	"module.wasm.image/",	  /* crun: run it by a WebAssembly engine */
	"org.criu.",		  /* all: options for CRIU, which can name programs */
	"org.systemd.property.",  /* all: properties of the scope */
	"io.podman.",		  /* Podman */
	"io.containers.",	  /* Podman's auto-update and its like */
	"io.kubernetes.",	  /* CRI-O, containerd's CRI, crun */
	"io.cri-containerd.",	  /* containerd */
	"io.containerd.",	  /* containerd and its shims */
	"containerd.io/restart.", /* containerd: log URIs that name programs */
	"nerdctl/",		  /* nerdctl */
	"com.docker.",		  /* Docker */
	"io.katacontainers.",	  /* Kata: paths of hypervisors */
	"dev.gvisor.",		  /* runsc: flags */
	"cdi.k8s.io/",		  /* devices */
	"nri.io/",		  /* plug-ins of containerd and CRI-O */
};

static bool gives_orders(const char *key)
{
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (text_starts_with(key, orders[i]))
			return true;
	return false;
}

static int set(const struct conversion *conversion, const char *key, const char *value,
	       struct error *err)
{
	if (value && *value && string_map_set(&conversion->config->annotations, key, value))
		return error_errno(err, ENOMEM, "annotations");
	return 0;
}

/* Comma-separated. */
static int set_list(const struct conversion *conversion, const char *key, const char *const *words,
		    size_t n, struct error *err)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < n; i++)
		buffer_print(&text, "%s%s", i ? "," : "", words[i]);
	int result = text.failed ? error_errno(err, ENOMEM, "annotations")
				 : set(conversion, key, text.text, err);
	buffer_finish(&text);
	return result;
}

static int add_exposed_ports(const struct conversion *conversion, struct error *err)
{
	const struct set_key_list *ports = &conversion->process->exposed_ports;
	owned_memory const char **names = calloc(ports->n + 1, sizeof *names);

	if (!names)
		return error_errno(err, ENOMEM, "annotations");
	for (size_t i = 0; i < ports->n; i++)
		names[i] = ports->v[i]->key;
	return set_list(conversion, "org.opencontainers.image.exposedPorts", names, ports->n, err);
}

static int add_what_the_image_is(const struct conversion *conversion, struct error *err)
{
	const struct image_config *image = conversion->image;
	const struct {
		const char *key, *value;
	} plain[] = {
		{ "org.opencontainers.image.os", image->os },
		{ "org.opencontainers.image.architecture", image->architecture },
		{ "org.opencontainers.image.variant", image->variant },
		{ "org.opencontainers.image.os.version", image->os_version },
		{ "org.opencontainers.image.author", image->author },
		{ "org.opencontainers.image.created", image->created },
		{ "org.opencontainers.image.stopSignal", conversion->process->stop_signal },
	};

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (set(conversion, plain[i].key, plain[i].value, err))
			return -1;
	if (set_list(conversion, "org.opencontainers.image.os.features",
		     (const char *const *)image->os_features.v, image->os_features.n, err))
		return -1;
	return add_exposed_ports(conversion, err);
}

static int leave_out(const struct conversion *conversion, const char *key, struct error *err)
{
	owned_string quoted = table_quoted(key);

	if (!quoted)
		return error_errno(err, ENOMEM, "annotations");
	return convert_notice(
		conversion, err,
		"the image's label %s is left out: it would give orders to the runtime", quoted);
}

static int add_labels(const struct conversion *conversion, struct error *err)
{
	const struct string_map *labels = &conversion->process->labels;

	for (size_t i = 0; i < labels->n; i++) {
		const struct string_pair *label = &labels->v[i];

		if (!*label->key)
			return error_set(err, EINVAL, "image: Labels: a label has no name");
		if (gives_orders(label->key)) {
			if (leave_out(conversion, label->key, err))
				return -1;
		} else if (string_map_set(&conversion->config->annotations, label->key,
					  label->value)) {
			return error_errno(err, ENOMEM, "annotations");
		}
	}
	return 0;
}

static int add_options(const struct conversion *conversion, struct error *err)
{
	const struct string_list *options = &conversion->options->annotations;

	for (size_t i = 0; i < options->n; i++) {
		size_t length = strcspn(options->v[i], "=");
		owned_string key = strndup(options->v[i], length);

		if (!length || !options->v[i][length])
			return error_set(err, EINVAL, "--annotation '%s': expected KEY=VALUE",
					 options->v[i]);
		if (!key || string_map_set(&conversion->config->annotations, key,
					   options->v[i] + length + 1))
			return error_errno(err, ENOMEM, "annotations");
	}
	return 0;
}

int convert_annotations(struct conversion *conversion, struct error *err)
{
	return add_what_the_image_is(conversion, err) || add_labels(conversion, err) ||
			       add_options(conversion, err)
		       ? -1
		       : 0;
}
