/* All layers of an image into the store, several at a time. Knows nothing of how one of them gets there. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/layer/left_out.h"
#include "imgtool/store/layer.h"
#include "imgtool/store/overlay.h"
#include "spec/base/owned.h"

/* Each worker reads with a thread of its own and has buffers of its own, so this bounds memory too. */
#define WORKERS_MAX 4
#define BUSY_NANOSECONDS 5000000

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_NEEDS_LOWER, JOB_DONE };

/* One layer of the image. */
struct job {
	struct pool *pool;
	const struct layer *layer;
	char chain[DIGEST_MAX];
	char key[KEY_MAX]; /* under which it is in the store, when it is done */
	size_t index;	   /* in the image */
	enum job_state state;
	struct tree_counts counts; /* of this process's work on it */
};

struct pool {
	const struct store *store;
	const struct layer_options *options;
	struct progress *progress;
	struct job *jobs; /* the base first */
	size_t n;
	pthread_mutex_t mutex; /* of all below, and of the jobs' states */
	size_t *order; /* in which jobs are taken: largest first, since what runs last runs alone */
	size_t cursor; /* in order */
	struct error error; /* the first one */
	atomic_bool failed; /* with it the others are stopped */
};

static void tell_state(const struct job *job, enum progress_state state)
{
	if (job->pool->progress)
		progress_state(job->pool->progress, job->index, state);
}

static void tell_bytes(void *context, uint64_t done, uint64_t size)
{
	const struct job *job = context;

	(void)size;
	progress_bytes(job->pool->progress, job->index, done);
}

static struct layer_options options_of(struct job *job)
{
	struct layer_options options = *job->pool->options;

	options.plain.progress = job->pool->progress ? tell_bytes : NULL;
	options.plain.context = job;
	options.stopped = &job->pool->failed;
	return options;
}

/* Whether the layer is in the store: then the job is done. */
static bool is_present(struct job *job)
{
	char keys[2][KEY_MAX];

	store_key_on_lower(job->chain, keys[0]);
	store_key_alone(job->layer->diff_id, keys[1]);
	for (size_t i = 0; i < 2; i++) {
		owned_fd there = store_open_layer(job->pool->store, keys[i]);
		if (there < 0)
			continue;
		memcpy(job->key, keys[i], sizeof job->key);
		return true;
	}
	return false;
}

static int describe_jobs(struct pool *pool, const struct image *image, struct error *err)
{
	const char *parent = NULL;

	for (size_t i = 0; i < pool->n; i++) {
		struct job *job = &pool->jobs[i];
		*job = (struct job){ .pool = pool, .layer = &image->layers[i], .index = i };
		if (chain_id(parent, job->layer->diff_id, job->chain, err))
			return error_prefix(err, "layer %zu", i + 1);
		parent = job->chain;
		if (!is_present(job))
			continue;
		job->state = JOB_DONE;
		tell_state(job, PROGRESS_PRESENT);
	}
	return 0;
}

static int compare_sizes(const void *a, const void *b, void *context)
{
	const struct job *jobs = context;
	uint64_t size_a = jobs[*(const size_t *)a].layer->blob.size,
		 size_b = jobs[*(const size_t *)b].layer->blob.size;

	return size_a < size_b ? 1 : size_a > size_b ? -1 : 0;
}

/* The next job that waits, behind the one that was taken last: so one that another process has comes
 * again after all the others. NULL: none. */
static struct job *take_job(struct pool *pool)
{
	struct job *taken = NULL;

	pthread_mutex_lock(&pool->mutex);
	for (size_t i = 0; i < pool->n && !taken && !pool->failed; i++) {
		struct job *job = &pool->jobs[pool->order[pool->cursor++ % pool->n]];
		if (job->state == JOB_WAITING)
			taken = job;
	}
	if (taken)
		taken->state = JOB_RUNNING;
	pthread_mutex_unlock(&pool->mutex);
	return taken;
}

static void give_back(struct job *job, enum job_state state)
{
	pthread_mutex_lock(&job->pool->mutex);
	job->state = state;
	pthread_mutex_unlock(&job->pool->mutex);
}

/* @error of @job, which the user knows by its diff_id. */
static void fail(struct job *job, const struct error *error)
{
	struct pool *pool = job->pool;

	tell_state(job, PROGRESS_FAILED);
	pthread_mutex_lock(&pool->mutex);
	if (!pool->failed) {
		pool->error = *error;
		error_prefix(&pool->error, "layer %.19s", job->layer->diff_id);
	}
	pool->failed = true;
	pthread_mutex_unlock(&pool->mutex);
}

static void run_job(struct job *job)
{
	const struct timespec pause = { .tv_nsec = BUSY_NANOSECONDS };
	const struct layer_options options = options_of(job);
	struct error error = { 0 };

	tell_state(job, PROGRESS_EXTRACTING);
	int result = interrupt_check(&error);
	/* Another process may have made it on the layers below meanwhile. */
	bool present = !result && is_present(job);
	if (!result && !present)
		result = store_layer_make(job->pool->store, job->layer, &options, &job->counts,
					  &error);
	switch (result) {
	case 0:
		if (!present)
			store_key_alone(job->layer->diff_id, job->key);
		tell_state(job, PROGRESS_DONE);
		give_back(job, JOB_DONE);
		break;
	case STORE_LAYER_NEEDS_LOWER:
		give_back(job, JOB_NEEDS_LOWER);
		break;
	case STORE_LAYER_BUSY:
		tell_state(job, PROGRESS_WAITING);
		give_back(job, JOB_WAITING);
		nanosleep(&pause, NULL);
		break;
	default:
		fail(job, &error);
	}
}

static void work_on(struct pool *pool)
{
	for (struct job *job; (job = take_job(pool));)
		run_job(job);
}

static void *work(void *context)
{
	interrupt_leave_to_main();
	work_on(context);
	return NULL;
}

static size_t count_workers(const struct pool *pool)
{
	cpu_set_t cpus;
	size_t waiting = 0, workers = WORKERS_MAX;

	for (size_t i = 0; i < pool->n; i++)
		waiting += pool->jobs[i].state == JOB_WAITING;
	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0 && (size_t)CPU_COUNT(&cpus) < workers)
		workers = (size_t)CPU_COUNT(&cpus);
	return waiting < workers ? waiting : workers;
}

/* This thread is one of the workers. A thread that cannot be started is one worker less. */
static void run_workers(struct pool *pool)
{
	size_t workers = count_workers(pool), started = 0;
	pthread_t threads[WORKERS_MAX];

	if (!workers)
		return;
	while (started + 1 < workers && pthread_create(&threads[started], NULL, work, pool) == 0)
		started++;
	work_on(pool);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static int make_alone(struct pool *pool, struct error *err)
{
	pool->order = calloc(pool->n ? pool->n : 1, sizeof *pool->order);
	if (!pool->order)
		return error_errno(err, ENOMEM, "store");
	for (size_t i = 0; i < pool->n; i++)
		pool->order[i] = i;
	qsort_r(pool->order, pool->n, sizeof *pool->order, compare_sizes, pool->jobs);
	run_workers(pool);
	free(pool->order);
	if (!pool->failed)
		return 0;
	return error_set(err, pool->error.code, "%s", pool->error.msg);
}

/* On the layers below, which are all in @lower. */
static int make_on(struct job *job, const struct store_stack *lower, struct error *err)
{
	const struct timespec pause = { .tv_nsec = BUSY_NANOSECONDS };
	const struct layer_options options = options_of(job);
	int result;

	store_key_on_lower(job->chain, job->key);
	while ((result = store_layer_make_on(job->pool->store, lower, job->key, job->layer,
					     &options, &job->counts, err)) == STORE_LAYER_BUSY) {
		if (interrupt_check(err))
			break;
		nanosleep(&pause, NULL);
	}
	tell_state(job, result ? PROGRESS_FAILED : PROGRESS_DONE);
	return result ? error_prefix(err, "layer %.19s", job->layer->diff_id) : 0;
}

static int stack_up(struct pool *pool, struct store_stack *stack, struct error *err)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct job *job = &pool->jobs[i];
		if (job->state == JOB_NEEDS_LOWER && make_on(job, stack, err))
			return -1;
		int directory = store_open_layer(pool->store, job->key);
		if (directory < 0)
			return error_errno(err, errno, "store %s: layer %s", pool->store->path,
					   job->key);
		if (store_stack_push(stack, job->key, directory, err))
			return -1;
	}
	return store_stack_find_root(pool->store, stack, err);
}

static void tell_counts(const struct pool *pool)
{
	struct tree_counts sum = { 0 };

	for (size_t i = 0; i < pool->n; i++)
		left_out_add(&sum, &pool->jobs[i].counts);
	left_out_tell(pool->progress, &sum);
}

int store_extract(struct store *store, const struct image *image,
		  const struct layer_options *options, struct progress *progress,
		  struct store_stack *ret, struct error *err)
{
	struct pool pool = { .store = store,
			     .options = options,
			     .progress = progress,
			     .n = image->n_layers,
			     .mutex = PTHREAD_MUTEX_INITIALIZER };

	*ret = (struct store_stack){ .root = -1 };
	if (!pool.n || pool.n > OVERLAY_LAYERS_MAX) {
		error_set(err, EINVAL, "the image has %zu layers; an overlay takes from 1 to %d",
			  pool.n, OVERLAY_LAYERS_MAX);
		return error_hint(err, "without --overlay it can be unpacked");
	}
	pool.jobs = calloc(pool.n, sizeof *pool.jobs);
	if (!pool.jobs)
		return error_errno(err, ENOMEM, "store");
	int result = describe_jobs(&pool, image, err) || make_alone(&pool, err) ||
				     stack_up(&pool, ret, err)
			     ? -1
			     : 0;
	if (!result)
		tell_counts(&pool);
	free(pool.jobs);
	return result;
}
