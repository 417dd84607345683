/* What is mounted in the container: what Docker mounts in every one, volumes and tmpfs of the caller, and the image's volumes
 * where the root is read-only. Reads of the host only whether a file is there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/list.h"
#include "imgtool/convert/image_root.h"
#include "imgtool/convert/parts.h"
#include "spec/base/owned.h"
#include "spec/table_path.h"

/* When a mount is made although another kind of container would have it. */
enum when {
	ALWAYS,
	WITH_CGROUPS,	   /* a caller without rights over control groups cannot mount them */
	WITH_OWN_NETWORK,  /* sysfs shows a network: who does not own it cannot mount it */
	WITH_HOST_NETWORK, /* names are looked up as the host does */
};

/* As Docker's, with /dev/shm of the size that it has there. */
static const struct {
	const char *destination, *type, *source, *options;
	enum when when;
} defaults[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev", ALWAYS },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k", ALWAYS },
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
	  ALWAYS },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", WITH_OWN_NETWORK },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "ro,nosuid,noexec,nodev", WITH_CGROUPS },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", ALWAYS },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k", ALWAYS },
	{ "/etc/resolv.conf", "bind", "/etc/resolv.conf", "bind,ro,rprivate", WITH_HOST_NETWORK },
	{ "/etc/hosts", "bind", "/etc/hosts", "bind,ro,rprivate", WITH_HOST_NETWORK },
};

/* In place of sysfs, where it cannot be mounted. */
static const char host_sysfs_options[] = "rbind,nosuid,noexec,nodev,ro";

static int add_options(struct string_list *to, const char *words, struct error *err)
{
	owned_string copy = strdup(words);
	char *rest = copy;

	if (!copy)
		return error_errno(err, ENOMEM, "mounts");
	for (char *word; (word = strsep(&rest, ","));)
		if (*word && string_list_add(to, word))
			return error_errno(err, ENOMEM, "mounts");
	return 0;
}

static int add_mount(struct config *config, const char *destination, const char *type,
		     const char *source, const char *options, struct error *err)
{
	struct mount *mount = list_add(&config->mounts);

	if (!mount || !(mount->destination = strdup(destination)) ||
	    !(mount->type = strdup(type)) || !(mount->source = strdup(source)))
		return error_errno(err, ENOMEM, "mounts");
	return add_options(&mount->options, options, err);
}

static bool is_mounted(const struct config *config, const char *destination)
{
	for (size_t i = 0; i < config->mounts.n; i++)
		if (path_equal(config->mounts.v[i]->destination, destination))
			return true;
	return false;
}

/* Whether one of the first @n mounts is there or above, where a default one would change what the caller has mounted. */
static bool is_covered(const struct config *config, size_t n, const char *destination)
{
	for (size_t i = 0; i < n; i++) {
		const char *above = config->mounts.v[i]->destination;
		size_t length = strlen(above);

		if (strncmp(destination, above, length) == 0 &&
		    (!destination[length] || destination[length] == '/'))
			return true;
	}
	return false;
}

static bool has_host_network(const struct conversion *conversion)
{
	return text_equal(conversion->options->network, "host");
}

static int add_default(const struct conversion *conversion, size_t own, size_t i, struct error *err)
{
	const struct run_options *options = conversion->options;
	const char *destination = defaults[i].destination, *words = defaults[i].options;
	bool own_user = options->uid_mappings.n, host = has_host_network(conversion);
	owned_string without_group = NULL;

	if (is_covered(conversion->config, own, destination) ||
	    (defaults[i].when == WITH_CGROUPS && options->rootless) ||
	    (defaults[i].when == WITH_HOST_NETWORK && (!host || access(defaults[i].source, R_OK))))
		return 0;
	if (defaults[i].when == WITH_OWN_NETWORK && own_user && host)
		return add_mount(conversion->config, destination, "none", destination,
				 host_sysfs_options, err);
	/* The group of terminals, which a small user namespace does not have. */
	const char *group = strstr(words, ",gid=5");
	if (group && !convert_is_mapped(&options->gid_mappings, 5)) {
		without_group = strndup(words, (size_t)(group - words));
		if (!without_group)
			return error_errno(err, ENOMEM, "mounts");
		words = without_group;
	}
	return add_mount(conversion->config, destination, defaults[i].type, defaults[i].source,
			 words, err);
}

/* A copy without repeated and trailing slashes and without "." components. */
static char *clean_path(const char *path)
{
	char *copy = calloc(1, strlen(path) + 2), *to = copy;

	for (size_t length; copy && (path += strspn(path, "/"), *path); path += length) {
		length = strcspn(path, "/");
		if (length == 1 && *path == '.')
			continue;
		*to++ = '/';
		to = mempcpy(to, path, length);
	}
	return copy;
}

static bool has_parent_component(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at++)
		if (!at[3] || at[3] == '/')
			return true;
	return false;
}

/* Absolute, below the root, without "..", and only once. *ret: without needless slashes, the caller's to free. */
static int take_destination(const struct conversion *conversion, const char *option,
			    const char *value, const char *path, char **ret, struct error *err)
{
	if (*path != '/')
		return error_set(err, EINVAL, "%s '%s': '%s' is not an absolute path", option,
				 value, path);
	if (path_equal(path, "/"))
		return error_set(err, EINVAL, "%s '%s': nothing can be mounted over the root",
				 option, value);
	if (has_parent_component(path))
		return error_set(err, EINVAL, "%s '%s': '..' in the path", option, value);
	if (is_mounted(conversion->config, path))
		return error_set(err, EEXIST, "%s '%s': something is mounted on %s already", option,
				 value, path);
	*ret = clean_path(path);
	return *ret ? 0 : error_errno(err, ENOMEM, "mounts");
}

static bool is_among(const char *word, size_t length, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == length && strncmp(*words, word, length) == 0)
			return true;
	return false;
}

/* The options of --volume as those of a bind mount. */
static int volume_options(const struct conversion *conversion, const char *value, const char *words,
			  struct buffer *to, struct error *err)
{
	static const char *const propagations[] = { "private", "rprivate", "shared", "rshared",
						    "slave",   "rslave",   NULL };
	static const char *const access[] = { "ro", "rw", NULL };
	/* Hints of Docker's for volumes of its own and for other systems. */
	static const char *const hints[] = { "nocopy", "cached", "delegated", "consistent", NULL };
	const char *propagation = "rprivate";
	int propagation_length = (int)strlen(propagation);

	buffer_print(to, "rbind");
	for (size_t length; *words; words += length + (words[length] == ',')) {
		length = strcspn(words, ",");
		if (is_among(words, length, propagations)) {
			propagation = words;
			propagation_length = (int)length;
		} else if (is_among(words, length, access)) {
			buffer_print(to, ",%.*s", (int)length, words);
		} else if (length == 1 && (*words == 'z' || *words == 'Z')) {
			if (convert_notice(conversion, err,
					   "--volume '%s': the files keep their SELinux labels",
					   value))
				return -1;
		} else if (!is_among(words, length, hints)) {
			return error_set(err, EINVAL, "--volume '%s': unknown option '%.*s'", value,
					 (int)length, words);
		}
	}
	buffer_print(to, ",%.*s", propagation_length, propagation);
	return to->failed ? error_errno(err, ENOMEM, "mounts") : 0;
}

/* SOURCE:DESTINATION[:OPTIONS] */
static int add_volume(const struct conversion *conversion, const char *value, struct error *err)
{
	owned_string copy = strdup(value);
	struct buffer options = { 0 };

	if (!copy)
		return error_errno(err, ENOMEM, "mounts");
	char *rest = copy, *source = strsep(&rest, ":"), *destination = strsep(&rest, ":");
	if (!destination || (rest && strchr(rest, ':')))
		return error_set(err, EINVAL,
				 "--volume '%s': expected SOURCE:DESTINATION[:OPTIONS]", value);
	if (*source != '/') {
		error_set(err, EINVAL, "--volume '%s': '%s' is not an absolute path", value,
			  source);
		return error_hint(err, "there are no named volumes");
	}
	owned_string clean = NULL;
	if (take_destination(conversion, "--volume", value, destination, &clean, err))
		return -1;
	int result = volume_options(conversion, value, rest ? rest : "", &options, err) ||
				     add_mount(conversion->config, clean, "bind", source,
					       options.text, err)
			     ? -1
			     : 0;
	buffer_finish(&options);
	return result;
}

/* DESTINATION[:OPTIONS], whose options are tmpfs(5)'s and mount(8)'s. */
static int add_tmpfs(const struct conversion *conversion, const char *value, struct error *err)
{
	static const char *const known[] = {
		"ro",	     "rw",	   "suid",	  "nosuid",	   "dev",
		"nodev",     "exec",	   "noexec",	  "sync",	   "async",
		"dirsync",   "atime",	   "noatime",	  "diratime",	   "nodiratime",
		"relatime",  "norelatime", "strictatime", "nostrictatime", "size",
		"nr_blocks", "nr_inodes",  "mode",	  "uid",	   "gid",
		"mpol",	     NULL,
	};
	size_t length = strcspn(value, ":");
	owned_string destination = strndup(value, length);
	const char *words = value[length] ? value + length + 1 : "";
	owned_string options = text_format("noexec,nosuid,nodev,%s", words);

	if (!destination || !options)
		return error_errno(err, ENOMEM, "mounts");
	owned_string clean = NULL;
	if (take_destination(conversion, "--tmpfs", value, destination, &clean, err))
		return -1;
	for (size_t word; *words; words += word + (words[word] == ',')) {
		word = strcspn(words, ",");
		if (!is_among(words, strcspn(words, ",="), known))
			return error_set(err, EINVAL, "--tmpfs '%s': unknown option '%.*s'", value,
					 (int)word, words);
	}
	return add_mount(conversion->config, clean, "tmpfs", "tmpfs", options, err);
}

bool convert_is_volume(const char *path)
{
	static const char *const taken[] = { "proc", "sys", "dev", NULL };
	const char *first = path + strspn(path, "/");

	return !path_equal(path, "/") && !has_parent_component(path) &&
	       !is_among(first, strcspn(first, "/"), taken);
}

/* The image's volumes are directories of the root file system, so what a program writes there stays as long as
 * the bundle. With a read-only root they must be writable all the same: then each is a tmpfs that begins with
 * what the image has there and belongs to the same user. */
static int add_image_volume(const struct conversion *conversion, const char *key, struct error *err)
{
	owned_string path = convert_path("image: Volumes", key, err);
	struct stat st = { .st_mode = 0755 };

	if (!path)
		return -1;
	if (!convert_is_volume(path)) {
		owned_string quoted = table_quoted(path);

		return convert_notice(conversion, err,
				      "the image's volume %s is left out: there can be none",
				      quoted ? quoted : "");
	}
	if (!conversion->options->read_only || is_mounted(conversion->config, path))
		return 0;
	if (image_root_stat(conversion->root, path, &st) && errno != ENOENT)
		return error_errno(err, errno, "image: volume %s", path);
	owned_string clean = clean_path(path);
	bool owned = !conversion->options->owners_recorded;
	owned_string options = text_format("nosuid,nodev,tmpcopyup,mode=%04o,uid=%u,gid=%u",
					   (unsigned)(st.st_mode & 07777), owned ? st.st_uid : 0,
					   owned ? st.st_gid : 0);
	if (!clean || !options)
		return error_errno(err, ENOMEM, "mounts");
	return add_mount(conversion->config, clean, "tmpfs", "tmpfs", options, err);
}

static size_t depth(const struct mount *mount)
{
	size_t n = 0;

	for (const char *at = mount->destination; (at += strspn(at, "/"), *at);
	     at += strcspn(at, "/"))
		n++;
	return n;
}

/* What is mounted on a directory of another mount must come behind it. Few, and order counts among equals. */
static void sort_by_depth(struct mount **v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && depth(v[j - 1]) > depth(v[j]); j--) {
			struct mount *moved = v[j];

			v[j] = v[j - 1];
			v[j - 1] = moved;
		}
}

/* Puts the first @own mounts behind the others. */
static int move_behind(struct mount_list *mounts, size_t own, struct error *err)
{
	size_t rest = mounts->n - own;
	owned_memory struct mount **copy = calloc(own + 1, sizeof *copy);

	if (!copy)
		return error_errno(err, ENOMEM, "mounts");
	if (!own)
		return 0;
	memcpy(copy, mounts->v, own * sizeof *copy);
	memmove(mounts->v, mounts->v + own, rest * sizeof *copy);
	memcpy(mounts->v + rest, copy, own * sizeof *copy);
	return 0;
}

/* Mounts of the caller replace those of the image and the default ones at the same place, so they come first
 * here and last in the result. */
int convert_mounts(struct conversion *conversion, struct error *err)
{
	const struct run_options *options = conversion->options;
	struct mount_list *mounts = &conversion->config->mounts;

	for (size_t i = 0; i < options->volumes.n; i++)
		if (add_volume(conversion, options->volumes.v[i], err))
			return -1;
	for (size_t i = 0; i < options->tmpfs.n; i++)
		if (add_tmpfs(conversion, options->tmpfs.v[i], err))
			return -1;
	for (size_t i = 0; i < conversion->process->volumes.n; i++)
		if (add_image_volume(conversion, conversion->process->volumes.v[i]->key, err))
			return -1;
	size_t own = mounts->n;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (add_default(conversion, own, i, err))
			return -1;
	sort_by_depth(mounts->v, own);
	return move_behind(mounts, own, err);
}
