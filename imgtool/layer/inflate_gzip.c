/* gzip by libisal, which checks each member's CRC and length itself. */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "imgtool/layer/inflate.h"

enum place { IN_MEMBER, BEHIND_MEMBER, IN_PADDING };

struct gzip {
	struct inflate_state state;
	enum place place;
};

static void begin_member(struct gzip *gzip)
{
	isal_inflate_reset(&gzip->state);
	gzip->state.crc_flag = ISAL_GZIP;
	gzip->place = IN_MEMBER;
}

static void *gzip_open(struct error *err)
{
	struct gzip *gzip = malloc(sizeof *gzip);

	if (!gzip) {
		error_errno(err, ENOMEM, "gzip");
		return NULL;
	}
	isal_inflate_init(&gzip->state);
	begin_member(gzip);
	return gzip;
}

static int explain(int code, struct error *err)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM:
		return error_set(err, EBADMSG,
				 "gzip: CRC or length of the content is not what it says");
	case ISAL_INVALID_WRAPPER:
		return error_set(err, EBADMSG, "gzip: bad header");
	case ISAL_UNSUPPORTED_METHOD:
		return error_set(err, EBADMSG, "gzip: unknown compression method");
	default:
		return error_set(err, EBADMSG, "gzip: damaged data");
	}
}

/* Up to @size bytes of the member, and of the input what they need. */
static ssize_t run_member(struct gzip *gzip, struct inflate_input *input, unsigned char *output,
			  size_t size, struct error *err)
{
	struct inflate_state *state = &gzip->state;

	state->next_in = (uint8_t *)input->next;
	state->avail_in = (uint32_t)input->left;
	state->next_out = output;
	state->avail_out = (uint32_t)size;
	int code = isal_inflate(state);
	input->next = state->next_in;
	input->left = state->avail_in;
	if (code < 0)
		return explain(code, err);
	if (state->block_state == ISAL_BLOCK_FINISH)
		gzip->place = BEHIND_MEMBER;
	return (ssize_t)(size - state->avail_out);
}

/* The next member, or zeros up to the end. */
static int run_between(struct gzip *gzip, struct inflate_input *input, struct error *err)
{
	if (gzip->place == BEHIND_MEMBER && input->left && *input->next == 0x1f) {
		begin_member(gzip);
		return 0;
	}
	if (input->left)
		gzip->place = IN_PADDING;
	for (; input->left && *input->next == 0; input->left--)
		input->next++;
	if (input->left)
		return error_set(err, EBADMSG, "gzip: something else follows the compressed data");
	return 0;
}

static ssize_t gzip_run(void *of, struct inflate_input *input, void *output, size_t size,
			struct error *err)
{
	struct gzip *gzip = of;
	size_t used = 0;

	for (;;) {
		if (gzip->place == IN_MEMBER) {
			ssize_t got = run_member(gzip, input, (unsigned char *)output + used,
						 size - used, err);
			if (got < 0)
				return -1;
			used += (size_t)got;
		} else if (run_between(gzip, input, err)) {
			return -1;
		}
		/* libisal keeps what has no room yet: only when it leaves room is there no more. */
		if (used == size || !input->left)
			return (ssize_t)used;
	}
}

static int gzip_end(void *of, struct error *err)
{
	const struct gzip *gzip = of;

	if (gzip->place == IN_MEMBER)
		return error_set(err, EBADMSG, "gzip: the compressed data ends early");
	return 0;
}

const struct inflate_method inflate_gzip = { gzip_open, gzip_run, gzip_end, free };
