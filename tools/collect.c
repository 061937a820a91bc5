/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect.c - from a region to a report: names, suppressions, order, verdict.
 */
#include "tools/report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"

const char *
plx_severity_word(unsigned char severity)
{
	switch (severity) {
	case 'F':
		return "FATAL";
	case 'E':
		return "ERROR";
	case 'W':
		return "WARNING";
	case 'P':
		return "PERFORMANCE";
	default:
		return "NOTE";
	}
}

const char *
plx_confidence_word(unsigned confidence)
{
	static const char *const words[] = { "certain", "likely", "hint" };

	return confidence < 3 ? words[confidence] : "hint";
}

static bool
frame_matches(const struct plx_suppression *s, const char *id,
    const struct plx_named_frame *frame)
{
	if (frame->function != NULL &&
	    plx_suppression_matches(s, id, PLX_SUPPRESS_FUN, frame->function))
		return true;
	if (frame->module != NULL &&
	    plx_suppression_matches(s, id, PLX_SUPPRESS_OBJ,
		frame->module->path))
		return true;
	if (frame->file != NULL && s->kind == PLX_SUPPRESS_SITE) {
		const char *slash = strrchr(frame->file, '/');
		char *site = plx_format("%s:%d",
		    slash != NULL ? slash + 1 : frame->file, frame->line);
		bool found = plx_suppression_matches(s, id, PLX_SUPPRESS_SITE,
		    site);

		free(site);
		return found;
	}
	return false;
}

static bool
entry_matches(const struct plx_report *report, const struct plx_entry *entry,
    const struct plx_suppression *s)
{
	const struct plx_proc_slot *proc = plx_region_process_of(report->region,
	    entry->finding->pid);
	char id[16];

	snprintf(id, sizeof(id), "PX%u", entry->finding->id);
	if (proc != NULL &&
	    plx_suppression_matches(s, id, PLX_SUPPRESS_EXE, proc->exe))
		return true;
	for (size_t i = 0; i < PLX_FINDING_STACKS; i++) {
		const struct plx_named_stack *stack = entry->stack[i];

		for (size_t j = 0; stack != NULL && j < stack->n; j++) {
			if (frame_matches(s, id, &stack->frame[j]))
				return true;
		}
	}
	return false;
}

static void
suppress(const struct plx_report *report, struct plx_entry *entry,
    struct plx_suppressions *suppressions)
{
	for (size_t i = 0; suppressions != NULL && i < suppressions->n; i++) {
		if (!entry_matches(report, entry, &suppressions->list[i]))
			continue;
		suppressions->list[i].used_n++;
		entry->is_suppressed = true;
		return;
	}
}

static bool
is_error(const struct plx_finding *finding)
{
	return finding->severity == 'F' || finding->severity == 'E';
}

static bool
must_fail(const struct plx_finding *finding, enum plx_fail_on fail_on)
{
	if (finding->confidence != PLX_CERTAIN || fail_on == PLX_FAIL_NEVER)
		return false;
	return is_error(finding) ||
	    (fail_on == PLX_FAIL_ON_WARN && finding->severity == 'W');
}

static void
tally(struct plx_report *report, struct plx_entry *entry,
    enum plx_fail_on fail_on)
{
	const struct plx_finding *finding = entry->finding;
	uint32_t count = atomic_load_explicit(&finding->count,
	    memory_order_relaxed);

	if (entry->is_suppressed) {
		report->suppressed_n++;
		return;
	}
	if (is_error(finding)) {
		report->errors_n++;
		report->certain_n += finding->confidence == PLX_CERTAIN;
	} else if (finding->severity == 'I') {
		report->notes_n++;
	} else {
		report->warnings_n++;
	}
	report->repeats_n += count > 1 ? count - 1 : 0;
	entry->fails = must_fail(finding, fail_on);
	report->fails |= entry->fails;
}

static long
rank(const struct plx_entry *entry)
{
	static const char all[] = PLX_SEVERITIES;

	return strchr(all, entry->finding->severity) - all;
}

/* By severity, then certainty, then time. */
static int
compare(const void *a, const void *b)
{
	const struct plx_entry *x = a;
	const struct plx_entry *y = b;
	long d = rank(x) - rank(y);

	if (d == 0)
		d = (long)x->finding->confidence - y->finding->confidence;
	if (d == 0)
		return (x->finding->when_ns > y->finding->when_ns) -
		    (x->finding->when_ns < y->finding->when_ns);
	return d < 0 ? -1 : 1;
}

static void
add_entry(struct plx_report *report, const struct plx_finding *finding,
    struct plx_suppressions *suppressions, enum plx_fail_on fail_on)
{
	struct plx_entry *entry = &report->entry[report->n++];

	entry->finding = finding;
	entry->about = plx_about_find(finding->id);
	for (size_t i = 0; i < PLX_FINDING_STACKS; i++)
		entry->stack[i] = plx_symbols_name(report->symbols,
		    finding->stack[i]);
	suppress(report, entry, suppressions);
	tally(report, entry, fail_on);
}

struct plx_report *
plx_report_make(const struct plx_region *region,
    struct plx_suppressions *suppressions, enum plx_fail_on fail_on)
{
	struct plx_report *report = plx_alloc(1, sizeof(*report));
	uint32_t n = plx_region_findings(region);

	report->region = region;
	report->follows = true;
	report->symbols = plx_symbols_new(region);
	report->entry = plx_alloc(n + 1, sizeof(*report->entry));
	for (uint32_t i = 0; i < n; i++) {
		const struct plx_finding *finding = plx_region_finding(region,
		    i);

		if (finding != NULL)
			add_entry(report, finding, suppressions, fail_on);
	}
	qsort(report->entry, report->n, sizeof(*report->entry), compare);
	return report;
}

void
plx_report_free(struct plx_report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->n; i++) {
		for (size_t j = 0; j < PLX_FINDING_STACKS; j++)
			plx_named_stack_free(report->entry[i].stack[j]);
	}
	plx_symbols_free(report->symbols);
	free(report->entry);
	free(report);
}
