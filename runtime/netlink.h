/* Requests to the kernel's rtnetlink and what it answers: netlink(7), rtnetlink(7). Every length is checked,
 * of what is sent (CVE-2021-43784) and of what comes. Knows messages, not devices. */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

/* Room for the requests made here: a fixed part and a handful of short attributes. */
#define NETLINK_REQUEST_MAX 512

struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_REQUEST_MAX];
	};
};

/* A NETLINK_ROUTE socket of the calling thread's network namespace, for which it stays. Close-on-exec. */
int netlink_open(struct error *err);

/* A request RTM_… with @flags besides NLM_F_REQUEST, and its fixed part of @size bytes (at most
 * NETLINK_REQUEST_MAX less the header's). */
void netlink_request_start(struct netlink_request *request, uint16_t type, uint16_t flags,
			   const void *fixed, size_t size);

/* The fixed part, for a later change. */
void *netlink_request_fixed(struct netlink_request *request);

/* Appends an attribute. E2BIG when there is no room. */
int netlink_request_add(struct netlink_request *request, uint16_t attribute, const void *data,
			size_t length, struct error *err);

/* Sends @request and waits for the kernel's word. A failure has its errno value, and the kernel's own
 * explanation as a hint where there is one. */
int netlink_ask(int socket, struct netlink_request *request, struct error *err);

/* Sends a request for a list (NLM_F_DUMP is added) and hands each message to @each; stops when that
 * returns other than 0. EAGAIN: what was told may lack something, ask again. */
int netlink_list(int socket, struct netlink_request *request,
		 int (*each)(const struct nlmsghdr *message, void *context, struct error *err),
		 void *context, struct error *err);

/* The fixed part of @message, or NULL when it is shorter than @size. */
const void *netlink_fixed(const struct nlmsghdr *message, size_t size);

/* The attribute's data, behind a fixed part of @size bytes, and its length; NULL when there is none or
 * the message is damaged before it. */
const void *netlink_attribute(const struct nlmsghdr *message, size_t size, uint16_t attribute,
			      size_t *length);
