/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - a report for people. The first line of a finding says what
 * happened, then whose stacks, then what comes of it and what to do.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/report.h"

/* Findings shown in full. */
#define FULL_MAX 50u
/* Frames shown of a stack. */
#define FRAMES_MAX 8u
/* Calls of a process shown by name. */
#define CALLS_PER_LINE 6u
/* As of the kernel. */
#define ERRNO_MAX 4095

#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static const char *const role_names[PLX_FINDING_STACKS] = {
	[PLX_STACK_MISUSED] = "HERE",
	[PLX_STACK_OPENED] = "OPENED",
	[PLX_STACK_REGISTERED] = "REGISTERED",
	[PLX_STACK_CLOSED] = "CLOSED",
};

/* Shorter where the reader needs no more: below the working directory. */
static const char *
short_path(const char *path)
{
	static char cwd[4096];
	size_t n;

	if (strncmp(path, "/proc/self/cwd/", 15) == 0)
		return path + 15;
	if (strncmp(path, "./", 2) == 0)
		return path + 2;
	if (cwd[0] == '\0' && getcwd(cwd, sizeof(cwd)) == NULL)
		return path;
	n = strlen(cwd);
	if (n > 1 && strncmp(path, cwd, n) == 0 && path[n] == '/')
		return path + n + 1;
	return path;
}

/*
 * Names come from the program and its files: none may move the cursor. At most
 * max bytes; bytes of UTF-8 stay.
 */
static void
put_name(FILE *out, const char *name, size_t max)
{
	for (size_t i = 0; i < max && name[i] != '\0'; i++) {
		unsigned char c = (unsigned char)name[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

/* "module+0x123"; without a module the address. */
static void
put_place(FILE *out, const struct plx_named_frame *frame)
{
	if (frame->module != NULL) {
		const char *path = frame->module->path;
		const char *slash = strrchr(path, '/');

		put_name(out, slash != NULL ? slash + 1 : path, PLX_PATH_BYTES);
		fputc('+', out);
	}
	fprintf(out, "0x%" PRIx64, frame->offset);
}

static void
print_frame(FILE *out, size_t number, const struct plx_named_frame *frame)
{
	fprintf(out, "      #%zu ", number);
	if (frame->function != NULL)
		put_name(out, frame->function, SIZE_MAX);
	if (frame->file != NULL) {
		fputc(' ', out);
		put_name(out, short_path(frame->file), SIZE_MAX);
		fprintf(out, ":%d", frame->line);
	} else if (frame->function != NULL) {
		fputs(" (", out);
		put_place(out, frame);
		fputc(')', out);
	} else {
		put_place(out, frame);
	}
	fprintf(out, "%s\n", frame->is_inlined ? " (inlined)" : "");
}

/* The roles in the order of printing; a stack with two roles is shown once. */
static const enum plx_stack_role shown_roles[PLX_FINDING_STACKS] = {
	PLX_STACK_MISUSED,
	PLX_STACK_CLOSED,
	PLX_STACK_REGISTERED,
	PLX_STACK_OPENED,
};

static bool
is_shown(const struct plx_finding *finding, size_t role)
{
	for (size_t i = 0; shown_roles[i] != role; i++) {
		if (finding->stack[shown_roles[i]] == finding->stack[role])
			return true;
	}
	return false;
}

static void
print_stack(FILE *out, const struct plx_entry *entry, size_t role)
{
	const struct plx_named_stack *stack = entry->stack[role];
	const struct plx_finding *finding = entry->finding;

	if (stack == NULL || stack->n == 0 || is_shown(finding, role))
		return;
	fprintf(out, "    %s", role_names[role]);
	if (role == PLX_STACK_MISUSED)
		fprintf(out, " in %s", plx_api_name(finding->api));
	if (finding->stack_tid[role] > 0)
		fprintf(out, ", thread %d", finding->stack_tid[role]);
	fputs(":\n", out);
	for (size_t i = 0; i < stack->n && i < FRAMES_MAX; i++)
		print_frame(out, i, &stack->frame[i]);
	if (stack->n > FRAMES_MAX)
		fprintf(out, "      ... %zu more\n", stack->n - FRAMES_MAX);
}

static void
print_result(FILE *out, int32_t ret)
{
	const char *name;

	if (ret >= 0 || ret < -ERRNO_MAX) {
		fprintf(out, " returned %d", ret);
		return;
	}
	name = strerrorname_np(-ret);
	fprintf(out, " failed with %s", name != NULL ? name : "?");
}

static void
print_subject(FILE *out, const struct plx_finding *finding)
{
	uint32_t count = atomic_load_explicit(&finding->count,
	    memory_order_relaxed);

	fprintf(out, "    fd %d", finding->fd);
	if (finding->fd_name[0] != '\0') {
		fputs(" (", out);
		put_name(out, finding->fd_name, sizeof(finding->fd_name));
		fputc(')', out);
	}
	if (finding->set >= 0)
		fprintf(out, " in set %d", finding->set);
	fprintf(out, "; %s", plx_api_name(finding->api));
	print_result(out, finding->ret);
	fprintf(out, "; thread %d \"", finding->tid);
	put_name(out, finding->comm, sizeof(finding->comm));
	fputc('"', out);
	if (count > 1)
		fprintf(out, "; %" PRIu32 " times", count);
	fputc('\n', out);
}

static void
print_finding(FILE *out, const struct plx_entry *entry, bool color)
{
	const struct plx_finding *finding = entry->finding;
	const struct plx_about *about = entry->about;
	bool bad = finding->severity == 'F' || finding->severity == 'E';

	fprintf(out, "%s==pollux[%d]== %s PX%u (%s)%s: %s\n",
	    color ? (bad ? RED : YELLOW) : "", finding->pid,
	    plx_severity_word(finding->severity), finding->id,
	    plx_confidence_word(finding->confidence), color ? PLAIN : "",
	    about != NULL ? plx_about_title(about, finding->variant)
			  : "this version has no text for it");
	print_subject(out, finding);
	for (size_t i = 0; i < PLX_FINDING_STACKS; i++)
		print_stack(out, entry, shown_roles[i]);
	if (about != NULL)
		fprintf(out, "    effect: %s\n    fix: %s\n", about->effect,
		    about->fix);
	fprintf(out, "    more: pollux explain PX%u\n\n", finding->id);
}

static const char *
plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

static void
print_coverage(FILE *out, uint32_t unseen)
{
	const char *before = "; coverage partial: ";

	if (unseen == 0) {
		fputs("; coverage full", out);
		return;
	}
	for (unsigned bit = 0; plx_unseen_text(bit) != NULL; bit++) {
		if (!(unseen & (1u << bit)))
			continue;
		fprintf(out, "%s%s", before, plx_unseen_text(bit));
		before = ", ";
	}
}

static void
print_process(FILE *out, const struct plx_proc_slot *proc)
{
	uint64_t total = 0;
	unsigned shown = 0;

	for (unsigned i = 1; i < PLX_API_MAX; i++)
		total += plx_calls(proc, i);
	fprintf(out, "==pollux[%d]== ", proc->pid);
	put_name(out, proc->comm, sizeof(proc->comm));
	fprintf(out, "%s%s: %" PRIu64 " call%s seen",
	    proc->generation > 1 ? " (forked)" : "",
	    proc->engine ? " (engine)" : "", total, plural(total));
	print_coverage(out,
	    atomic_load_explicit(&proc->unseen, memory_order_relaxed));
	for (unsigned i = 1; i < PLX_API_MAX; i++) {
		uint64_t n = plx_calls(proc, i);

		if (n != 0)
			fprintf(out, "%s%s %" PRIu64,
			    shown++ % CALLS_PER_LINE == 0 ? "\n    " : ", ",
			    plx_api_name(i), n);
	}
	fputc('\n', out);
}

/*
 * It called exec and has no later slot: the call failed, or what it became did
 * not load the object.
 */
static bool
is_lost(const struct plx_report *report, const struct plx_proc_slot *proc)
{
	return report->follows && plx_calls(proc, PLX_API_exec) != 0 &&
	    plx_region_process_of(report->region, proc->pid) == proc;
}

void
plx_report_counts(const struct plx_report *report, FILE *out)
{
	uint32_t claimed = atomic_load_explicit(&report->region->header.procs_n,
	    memory_order_relaxed);

	for (uint32_t i = 0; i < plx_region_processes(report->region); i++) {
		const struct plx_proc_slot *proc = plx_region_process(
		    report->region, i);

		if (proc == NULL) {
			fprintf(out, "==pollux== a process was not recorded\n");
			continue;
		}
		print_process(out, proc);
		if (is_lost(report, proc))
			fprintf(out,
			    "    if an exec succeeded, the new program was not "
			    "recorded\n");
	}
	if (claimed > PLX_PROCS_MAX)
		fprintf(out, "==pollux== %u more processes were not recorded\n",
		    claimed - PLX_PROCS_MAX);
}

static void
print_unused(FILE *out, const struct plx_suppressions *suppressions)
{
	for (size_t i = 0; suppressions != NULL && i < suppressions->n; i++) {
		if (suppressions->list[i].used_n == 0)
			fprintf(out, "==pollux== suppression not used: %s\n",
			    suppressions->list[i].line);
	}
}

static void
print_summary(FILE *out, const struct plx_report *report, bool color)
{
	uint32_t lost = atomic_load_explicit(
	    &report->region->header.findings_lost, memory_order_relaxed);

	fprintf(out,
	    "%sSUMMARY%s: pollux: %u error%s (%u certain), "
	    "%u warning%s, %u suppressed, %llu repeat%s",
	    color ? BOLD : "", color ? PLAIN : "", report->errors_n,
	    plural(report->errors_n), report->certain_n, report->warnings_n,
	    plural(report->warnings_n), report->suppressed_n, report->repeats_n,
	    plural(report->repeats_n));
	if (report->notes_n != 0)
		fprintf(out, ", %u note%s", report->notes_n,
		    plural(report->notes_n));
	if (lost != 0)
		fprintf(out, ", %u lost", lost);
	fputc('\n', out);
}

void
plx_report_text(const struct plx_report *report,
    const struct plx_suppressions *suppressions, FILE *out, bool color)
{
	unsigned shown = 0;
	unsigned left = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct plx_entry *entry = &report->entry[i];

		if (entry->is_suppressed || entry->finding->severity == 'I')
			continue;
		if (shown++ < FULL_MAX)
			print_finding(out, entry, color);
		else
			left++;
	}
	if (left != 0)
		fprintf(out, "==pollux== %u more findings; --json has all\n",
		    left);
	plx_report_counts(report, out);
	print_unused(out, suppressions);
	print_summary(out, report, color);
}
