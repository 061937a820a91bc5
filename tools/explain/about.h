/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * about.h - what each check has to say, for reports and `pollux explain`.
 *
 * An id never changes its meaning. Texts are plain lines of at most 76
 * columns, without a newline at the end.
 */
#ifndef PLX_TOOLS_EXPLAIN_ABOUT_H
#define PLX_TOOLS_EXPLAIN_ABOUT_H

#include <stddef.h>
#include <stdint.h>

/* A sentence of its own for one variant of a finding (report_abi.h). */
struct plx_about_variant {
	uint16_t variant;
	const char *title;
};

#define PLX_ABOUT_VARIANTS_MAX 4u

struct plx_about {
	uint16_t id;        /* 105 for PX105 */
	char severity;      /* its usual one; a finding may be milder */
	const char *name;   /* a word with hyphens */
	const char *title;  /* what happened, one line */
	const char *effect; /* what comes of it, one line */
	const char *fix;    /* one line */
	const char *why;    /* why it is a bug: a paragraph or two */
	const char *see;    /* how to see it, without pollux where possible */
	const char *mend;   /* how to mend it, and what is no bug */
	const char *pages;  /* manual pages, "epoll_ctl(2), close(2)" */
	struct plx_about_variant variant[PLX_ABOUT_VARIANTS_MAX];
};

/* Tables of the groups; each ends with id 0. */
extern const struct plx_about plx_about_registration[];
extern const struct plx_about plx_about_lifecycle[];
extern const struct plx_about plx_about_select_poll[];
extern const struct plx_about plx_about_kqueue[];

/* plx_about_find - by number, or NULL. */
const struct plx_about *plx_about_find(unsigned id);

/* plx_about_at - the i-th in ascending order of ids, or NULL past the end. */
const struct plx_about *plx_about_at(size_t i);

/* plx_about_title - the sentence for one variant of a finding. */
const char *plx_about_title(const struct plx_about *about, unsigned variant);

#endif
