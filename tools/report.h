/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - what a region says, in an order for people, as text and as JSON.
 */
#ifndef PLX_TOOLS_REPORT_H
#define PLX_TOOLS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tools/cli.h"
#include "tools/explain/about.h"
#include "tools/region.h"
#include "tools/suppress.h"
#include "tools/symbols.h"

/* What makes a run fail; only certain findings ever do. */
enum plx_fail_on {
	PLX_FAIL_ON_ERROR, /* severities F and E */
	PLX_FAIL_ON_WARN,  /* and W */
	PLX_FAIL_NEVER,
};

/* What a failed run is, and how it ends. */
struct plx_verdict_rule {
	enum plx_fail_on fail_on;
	int exitcode; /* 0: as if nothing was found */
};

#define PLX_RULE_DEFAULT                             \
	{                                            \
		PLX_FAIL_ON_ERROR, PLX_EXIT_FINDINGS \
	}

/*
 * plx_rule_fail_on, plx_rule_exitcode - take an option's value. Return 0, or -1
 * after a message; cmd is the subcommand for it.
 */
int plx_rule_fail_on(struct plx_verdict_rule *rule, const char *cmd,
    const char *value);
int plx_rule_exitcode(struct plx_verdict_rule *rule, const char *cmd,
    const char *value);

struct plx_entry {
	const struct plx_finding *finding;
	const struct plx_about *about; /* NULL: an id newer than we are */
	struct plx_named_stack *stack[PLX_FINDING_STACKS]; /* or NULL */
	bool is_suppressed;
	bool fails;
};

struct plx_report {
	const struct plx_region *region;
	struct plx_symbols *symbols;
	struct plx_entry *entry; /* worst first */
	size_t n;
	/* Of those not suppressed: */
	unsigned errors_n;   /* severities F and E */
	unsigned certain_n;  /* of the errors */
	unsigned warnings_n; /* W and P */
	unsigned notes_n;    /* I */
	unsigned suppressed_n;
	unsigned long long repeats_n; /* findings counted up, not shown */
	bool fails;
	/* Programs that a process becomes were to be recorded (true; to set). */
	bool follows;
};

/*
 * plx_report_make - collect, name and judge everything in a region.
 *
 * region         borrowed until plx_report_free; its processes have ended, or
 *                are let go on: what is not complete is left out.
 * suppressions   may be NULL; their used_n is counted up.
 */
struct plx_report *plx_report_make(const struct plx_region *region,
    struct plx_suppressions *suppressions, enum plx_fail_on fail_on);
void plx_report_free(struct plx_report *report);

/* plx_severity_word - "ERROR" for 'E'; for text. */
const char *plx_severity_word(unsigned char severity);
/* plx_confidence_word - "certain", "likely" or "hint". */
const char *plx_confidence_word(unsigned confidence);

/* plx_report_text - findings, suppressions that took nothing, and summary. */
void plx_report_text(const struct plx_report *report,
    const struct plx_suppressions *suppressions, FILE *out, bool color);

/* plx_report_counts - the summary alone: processes and their calls. */
void plx_report_counts(const struct plx_report *report, FILE *out);

/*
 * plx_report_json - one object a line: findings (suppressed ones are marked),
 * then one summary for each process. Returns 0 or -EIO.
 */
int plx_report_json(const struct plx_report *report, FILE *out);

/*
 * plx_report_json_file - the same into a file. Returns 0, or PLX_EXIT_FAILED
 * after a message.
 */
int plx_report_json_file(const struct plx_report *report, const char *path);

#endif
