/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - what POLLUX_OPTIONS says: "key=value:key=value".
 *
 * A colon, a percent sign and anything else in a value may be written as %XX
 * (two hexadecimal digits); the colon of log=fd:N needs no escape. A later key
 * wins. What is not understood is one line on stderr and otherwise ignored.
 * Pure but for that: no allocation, no libc state; fit for the constructor.
 */
#ifndef PLX_SHIM_OPTIONS_H
#define PLX_SHIM_OPTIONS_H

#include <stdbool.h>

#include "core/check.h"

#define OPTIONS_PATH_BYTES 1024

struct shim_options {
	int level;      /* enum plx_check_level */
	int engine;     /* truth: 0 kernel, 1 engine */
	int log_fd;     /* -1: none */
	int follow;     /* carried over exec */
	int stacks;     /* call stacks are recorded */
	int data_exact; /* kqueue byte counts are exact */
	int help;
	struct plx_check_options checks;   /* level is not set here */
	char log_path[OPTIONS_PATH_BYTES]; /* "": none */
};

/* options_parse - defaults, then what text says. */
void options_parse(struct shim_options *ret_options, const char *text);

/* options_help - every key, its values and its default, to stderr. */
void options_help(void);

#endif
