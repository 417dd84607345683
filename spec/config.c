/* Reading config.json as a whole. Knows neither fields nor rules. */
#include "spec/config.h"

#include "spec/base/io.h"
#include "spec/base/owned.h"

struct config *config_parse(const char *text, size_t length, struct problems *problems)
{
	size_t before = problems_count(problems);
	struct config *config = table_parse(&config_type, text, length, problems);

	if (!config)
		return NULL;
	config_validate(config, problems);
	if (problems_count(problems) == before)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_load(int dirfd, const char *name, struct problems *problems,
			   struct error *err)
{
	owned_string text = NULL;
	size_t length;

	if (read_file_at(dirfd, name, CONFIG_MAX, &text, &length, err))
		return NULL;
	struct config *config = config_parse(text, length, problems);
	if (!config)
		problems_to_error(problems, name, err);
	return config;
}

void config_free(struct config *config)
{
	table_free(&config_type, config);
}

const struct namespace *config_namespace(const struct config *config, enum namespace_type type)
{
	if (!config->linux_)
		return NULL;
	for (size_t i = 0; i < config->linux_->namespaces.n; i++)
		if (config->linux_->namespaces.v[i]->type == (int)type)
			return config->linux_->namespaces.v[i];
	return NULL;
}
