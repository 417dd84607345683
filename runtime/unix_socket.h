/* Unix sockets and the descriptors sent over them. unix(7). */
#pragma once

#include "spec/base/error.h"

/* Connects to the SOCK_STREAM socket at the host path @path, however long. Returns a close-on-exec
 * descriptor or -1. */
int unix_connect(const char *path, struct error *err);

/* A SOCK_SEQPACKET socket that listens, or connects to one, at @name in a directory: its path may be
 * longer than a socket's address. Close-on-exec; -1 on failure. */
int unix_listen_at(int directory, const char *name, struct error *err);
int unix_connect_at(int directory, const char *name, struct error *err);

/* Sends @fd with SCM_RIGHTS beside @text. */
int descriptor_send(int socket, int fd, const char *text, struct error *err);

/* Receives exactly one descriptor (close-on-exec) and drops the text. Returns it or -1. */
int descriptor_receive(int socket, struct error *err);
