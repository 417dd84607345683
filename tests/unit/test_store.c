/* The store: who may use it, layers that appear whole or not at all whoever dies, and references of bundles. */
#include "imgtool/store/clean.h"
#include "imgtool/store/making.h"
#include "imgtool/store/reference.h"

#include "tests/unit/sandbox.h"

#include <sys/file.h>

#include "spec/base/owned.h"

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct error err;
static char path[128];
static struct store *store;

static int new_store(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "store%u", number++);
	snprintf(path, sizeof path, "%s", in_sandbox(name));
	store = store_open(path, STORE_TO_FILL, &err);
	return !store;
}

static int close_store(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	return 0;
}

static void a_store_that_others_may_change_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(path, 0770), 0);
	assert_null(store_open(path, STORE_TO_USE, &err));
	assert_int_equal(err.code, EPERM);
	assert_null(store_open(in_sandbox("absent"), STORE_TO_USE, &err));
	assert_int_equal(err.code, ENOENT);
	assert_false(exists(in_sandbox("absent")));
}

static void who_cleans_is_alone(void **state)
{
	(void)state;
	struct store *second = store_open(path, STORE_TO_USE, &err);
	assert_non_null(second);
	store_close(second);
	assert_null(store_open(path, STORE_TO_CLEAN_AT_ONCE, &err));
	assert_int_equal(err.code, EWOULDBLOCK);
	store_close(store);
	store = store_open(path, STORE_TO_CLEAN_AT_ONCE, &err);
	assert_non_null(store);
}

static void fill(struct making *making, const char *text)
{
	int fd = openat(making->tree, "file", O_WRONLY | O_CREAT, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void a_layer_is_there_when_it_is_published(void **state)
{
	struct making making, other;
	bool present;

	(void)state;
	assert_int_equal(making_lock(&making, store, KEY, &present, &err), 0);
	assert_false(present);
	assert_int_equal(making_lock(&other, store, KEY, &present, &err), MAKING_BUSY);
	assert_int_equal(making_begin(&making, &err), 0);
	fill(&making, "text");
	assert_int_equal(store_open_layer(store, KEY), -1);
	assert_int_equal(making_publish(&making, KEY, &err), 0);
	making_end(&making);
	assert_int_equal(making_lock(&making, store, KEY, &present, &err), 0);
	assert_true(present);
	making_end(&making);
	owned_fd layer = store_open_layer(store, KEY);
	assert_string_equal(text_of(layer, "file"), "text");
}

static void what_is_not_published_is_gone(void **state)
{
	struct making making;
	bool present;

	(void)state;
	assert_int_equal(making_lock(&making, store, KEY, &present, &err), 0);
	assert_int_equal(making_begin(&making, &err), 0);
	fill(&making, "text");
	making_end(&making);
	assert_int_equal(faccessat(store->layers, KEY LAYER_IN_THE_MAKING, F_OK, 0), -1);
	assert_int_equal(store_open_layer(store, KEY), -1);
}

/* Makes the layer as a process of its own, and is gone after so many steps. */
static void make_and_die(int steps)
{
	struct making making;
	bool present = false;
	struct store *own = store_open(path, STORE_TO_FILL, NULL);
	int result = making_lock(&making, own, KEY, &present, NULL);

	for (int step = 0; step < steps && !result && !present; step++) {
		if (step == 0)
			result = making_begin(&making, NULL);
		else if (step == 1)
			fill(&making, "text");
		else if (step == 2)
			result = making_publish(&making, KEY, NULL);
	}
	kill(getpid(), SIGKILL);
}

static void a_process_that_is_killed_at_any_step_is_in_nobodys_way(void **state)
{
	(void)state;
	for (int steps = 0; steps <= 3; steps++) {
		struct making making;
		bool present = false;
		int status;
		pid_t child = fork();
		if (child == 0)
			make_and_die(steps);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(making_lock(&making, store, KEY, &present, &err), 0);
		assert_int_equal(present, steps == 3);
		if (!present) {
			assert_int_equal(making_begin(&making, &err), 0);
			/* Of what the other had made there is nothing. */
			assert_int_equal(faccessat(making.tree, "file", F_OK, 0), -1);
		}
		making_end(&making);
	}
}

/* Tries until the layer is there. 0: another made it; 1: it did itself; 2: something is wrong. */
static int race(void)
{
	struct store *own = store_open(path, STORE_TO_FILL, NULL);
	struct making making;
	bool present = false;
	int result;

	while ((result = making_lock(&making, own, KEY, &present, NULL)) == MAKING_BUSY)
		usleep(100);
	if (result)
		return 2;
	if (!present) {
		if (making_begin(&making, NULL))
			return 2;
		fill(&making, "text");
		usleep(5000);
		if (making_publish(&making, KEY, NULL))
			return 2;
	}
	making_end(&making);
	owned_fd layer = store_open_layer(own, KEY);
	if (strcmp(text_of(layer, "file"), "text") != 0)
		return 2;
	store_close(own);
	return !present;
}

static void of_many_processes_one_makes_a_layer(void **state)
{
	pid_t children[12];
	int makers = 0, status;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(race());
	}
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		makers += WEXITSTATUS(status);
	}
	assert_int_equal(makers, 1);
}

static void a_layer_that_comes_again_moves_to_the_top(void **state)
{
	struct store_stack stack = { .root = -1 };

	(void)state;
	assert_int_equal(store_stack_push(&stack, KEY, dup(0), &err), 0);
	assert_int_equal(store_stack_push(&stack, OTHER, dup(0), &err), 0);
	assert_int_equal(store_stack_push(&stack, KEY, dup(0), &err), 0);
	assert_int_equal(stack.keys.n, 2);
	assert_string_equal(stack.keys.v[0], OTHER);
	assert_string_equal(stack.keys.v[1], KEY);
	assert_null(stack.keys.v[2]);
	store_stack_finish(&stack);
}

static void a_reference_lives_as_long_as_its_bundle(void **state)
{
	char name[RECORD_REFERENCE_LENGTH + 1], *layers[] = { (char *)KEY, NULL };
	const struct string_list list = { layers, 1 };
	const char *bundle = in_sandbox("bundle");

	(void)state;
	make_folder(bundle);
	int overlay = open(bundle, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_reference_add(store, bundle, &list, name, &err), 0);
	struct store_reference *reference = store_reference_read(store, name, &err);
	assert_non_null(reference);
	assert_string_equal(reference->bundle, bundle);
	/* Neither a record nor a link says that the bundle is the one. */
	assert_int_equal(store_reference_is_alive(store, name, reference, &err), 0);
	assert_int_equal(store_reference_link(store, name, overlay, &err), 0);
	assert_int_equal(store_reference_link(store, name, overlay, &err), 0);
	assert_int_equal(store_reference_is_alive(store, name, reference, &err), 1);
	assert_int_equal(unlinkat(overlay, RECORD_LINK, 0), 0);
	const struct bundle_record record = { .version = RECORD_VERSION,
					      .store = (char *)store_path(store),
					      .reference = name,
					      .layers = list };
	assert_int_equal(record_write(overlay, &record, &err), 0);
	assert_int_equal(store_reference_is_alive(store, name, reference, &err), 1);
	assert_int_equal(unlinkat(overlay, RECORD_NAME, 0), 0);
	/* What cannot be read is not gone. */
	assert_int_equal(mkdirat(overlay, RECORD_NAME, 0755), 0);
	assert_int_equal(store_reference_is_alive(store, name, reference, &err), 1);
	assert_int_equal(unlinkat(overlay, RECORD_NAME, AT_REMOVEDIR), 0);
	assert_int_equal(store_reference_remove(store, name, &err), 0);
	assert_int_equal(store_reference_remove(store, name, &err), 0);
	assert_null(store_reference_read(store, name, &err));
	store_reference_free(reference);
	close(overlay);
}

static void note(const struct store_garbage *garbage, void *context)
{
	size_t *count = context;

	(void)garbage;
	++*count;
}

static void cleaning_takes_what_nobody_refers_to(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(mkdirat(store->layers, KEY, 0700), 0);
	assert_int_equal(mkdirat(store->layers, KEY ".new", 0700), 0);
	assert_int_equal(mkdirat(store->layers, "something", 0700), 0);
	int layers = dup(store->layers);
	store_close(store);
	store = NULL;
	struct store *cleaned = store_open(path, STORE_TO_CLEAN_AT_ONCE, &err);
	assert_int_equal(store_clean(cleaned, true, note, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(faccessat(layers, KEY, F_OK, 0), 0);
	cleaned = store_open(path, STORE_TO_CLEAN_AT_ONCE, &err);
	assert_int_equal(store_clean(cleaned, false, note, &count, &err), 0);
	assert_int_equal(count, 4);
	assert_int_equal(faccessat(layers, KEY, F_OK, 0), -1);
	assert_int_equal(faccessat(layers, "something", F_OK, 0), 0);
	close(layers);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_store_that_others_may_change_is_refused),
		CASE(who_cleans_is_alone),
		CASE(a_layer_is_there_when_it_is_published),
		CASE(what_is_not_published_is_gone),
		CASE(a_process_that_is_killed_at_any_step_is_in_nobodys_way),
		CASE(of_many_processes_one_makes_a_layer),
		CASE(a_layer_that_comes_again_moves_to_the_top),
		CASE(a_reference_lives_as_long_as_its_bundle),
		CASE(cleaning_takes_what_nobody_refers_to),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
