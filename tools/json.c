/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c - a report for programs: JSON lines. Names of members never change
 * meaning; new ones may come.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/report.h"

#define JSON_VERSION 1

static const char *const role_names[PLX_FINDING_STACKS] = {
	[PLX_STACK_MISUSED] = "misused",
	[PLX_STACK_OPENED] = "opened",
	[PLX_STACK_REGISTERED] = "registered",
	[PLX_STACK_CLOSED] = "closed",
};

/* Bytes of another process, with an end and as UTF-8; strange ones are '?'. */
static json_t *
text_of(const char *bytes, size_t max)
{
	char *text = plx_format("%.*s", (int)max, bytes);
	json_t *value = json_string(text);

	if (value == NULL) {
		for (char *c = text; *c != '\0'; c++) {
			if ((unsigned char)*c >= 0x80)
				*c = '?';
		}
		value = json_string(text);
	}
	free(text);
	return value;
}

static void
set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0) {
		plx_note("out of memory");
		exit(PLX_EXIT_FAILED);
	}
}

static json_t *
build_id_of(const struct plx_module *module)
{
	char text[2 * sizeof(module->build_id) + 1];
	uint32_t n = module->build_id_bytes;

	if (n > sizeof(module->build_id))
		n = sizeof(module->build_id);
	for (uint32_t i = 0; i < n; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", module->build_id[i]);
	text[(size_t)2 * n] = '\0';
	return json_string(text);
}

static json_t *
frame_object(const struct plx_named_frame *frame)
{
	json_t *object = json_object();
	char offset[24];

	snprintf(offset, sizeof(offset), "0x%" PRIx64, frame->offset);
	set(object, "offset", json_string(offset));
	if (frame->module != NULL) {
		set(object, "module",
		    text_of(frame->module->path, PLX_PATH_BYTES));
		set(object, "build_id", build_id_of(frame->module));
	}
	if (frame->function != NULL)
		set(object, "function",
		    text_of(frame->function, strlen(frame->function)));
	if (frame->file != NULL) {
		set(object, "file", text_of(frame->file, strlen(frame->file)));
		set(object, "line", json_integer(frame->line));
	}
	if (frame->is_inlined)
		set(object, "inlined", json_true());
	return object;
}

static json_t *
stacks_object(const struct plx_entry *entry)
{
	json_t *object = json_object();

	for (size_t i = 0; i < PLX_FINDING_STACKS; i++) {
		const struct plx_named_stack *stack = entry->stack[i];
		json_t *frames;

		if (stack == NULL)
			continue;
		frames = json_array();
		for (size_t j = 0; j < stack->n; j++)
			json_array_append_new(frames,
			    frame_object(&stack->frame[j]));
		set(object, role_names[i], frames);
	}
	return object;
}

static json_t *
head(const char *type)
{
	json_t *object = json_object();

	set(object, "v", json_integer(JSON_VERSION));
	set(object, "type", json_string(type));
	return object;
}

static void
set_about(json_t *object, const struct plx_entry *entry)
{
	const struct plx_about *about = entry->about;

	if (about == NULL)
		return;
	set(object, "name", json_string(about->name));
	set(object, "message",
	    json_string(plx_about_title(about, entry->finding->variant)));
	set(object, "effect", json_string(about->effect));
	set(object, "fix", json_string(about->fix));
}

static json_t *
finding_object(const struct plx_entry *entry)
{
	const struct plx_finding *f = entry->finding;
	json_t *object = head("finding");
	char text[32];

	snprintf(text, sizeof(text), "PX%u", f->id);
	set(object, "id", json_string(text));
	set(object, "sev", json_stringn((const char *)&f->severity, 1));
	set(object, "conf", json_string(plx_confidence_word(f->confidence)));
	set_about(object, entry);
	set(object, "pid", json_integer(f->pid));
	set(object, "tid", json_integer(f->tid));
	set(object, "comm", text_of(f->comm, sizeof(f->comm)));
	set(object, "api", json_string(plx_api_name(f->api)));
	set(object, "fd", json_integer(f->fd));
	set(object, "fd_name", text_of(f->fd_name, sizeof(f->fd_name)));
	set(object, "set", json_integer(f->set));
	set(object, "other", json_integer(f->other));
	set(object, "ret", json_integer(f->ret));
	set(object, "variant", json_integer(f->variant));
	set(object, "count",
	    json_integer(
		atomic_load_explicit(&f->count, memory_order_relaxed)));
	set(object, "ts_ns", json_integer(f->when_ns));
	snprintf(text, sizeof(text), "%016" PRIx64, f->dedup);
	set(object, "dedup", json_string(text));
	set(object, "suppressed", json_boolean(entry->is_suppressed));
	set(object, "fails", json_boolean(entry->fails));
	set(object, "stacks", stacks_object(entry));
	return object;
}

static json_t *
unseen_array(uint32_t unseen)
{
	json_t *array = json_array();

	for (unsigned bit = 0; plx_unseen_name(bit) != NULL; bit++) {
		if (unseen & (1u << bit))
			json_array_append_new(array,
			    json_string(plx_unseen_name(bit)));
	}
	return array;
}

static json_t *
summary_object(const struct plx_proc_slot *proc)
{
	uint32_t unseen = atomic_load_explicit(&proc->unseen,
	    memory_order_relaxed);
	json_t *object = head("summary");
	json_t *calls = json_object();

	set(object, "pid", json_integer(proc->pid));
	set(object, "parent", json_integer(proc->parent_pid));
	set(object, "forked", json_boolean(proc->generation > 1));
	set(object, "comm", text_of(proc->comm, sizeof(proc->comm)));
	set(object, "exe", text_of(proc->exe, sizeof(proc->exe)));
	set(object, "engine", json_boolean(proc->engine));
	set(object, "start_ns", json_integer(proc->start_ns));
	for (unsigned i = 1; i < PLX_API_MAX; i++) {
		uint64_t n = plx_calls(proc, i);

		if (n != 0)
			set(calls, plx_api_name(i),
			    json_integer((json_int_t)n));
	}
	set(object, "calls", calls);
	set(object, "coverage", json_string(unseen == 0 ? "full" : "partial"));
	set(object, "unseen", unseen_array(unseen));
	return object;
}

static bool
print_line(json_t *object, FILE *out)
{
	bool done = json_dumpf(object, out, JSON_COMPACT) == 0 &&
	    fputc('\n', out) != EOF;

	json_decref(object);
	return done;
}

int
plx_report_json(const struct plx_report *report, FILE *out)
{
	for (size_t i = 0; i < report->n; i++) {
		if (!print_line(finding_object(&report->entry[i]), out))
			return -EIO;
	}
	for (uint32_t i = 0; i < plx_region_processes(report->region); i++) {
		const struct plx_proc_slot *proc = plx_region_process(
		    report->region, i);

		if (proc != NULL && !print_line(summary_object(proc), out))
			return -EIO;
	}
	return fflush(out) == 0 ? 0 : -EIO;
}

int
plx_report_json_file(const struct plx_report *report, const char *path)
{
	FILE *out = fopen(path, "we");
	int r = -EIO;

	if (out != NULL) {
		r = plx_report_json(report, out);
		if (fclose(out) != 0)
			r = -EIO;
	}
	if (r < 0) {
		plx_note("cannot write %s: %s", path, strerror(errno));
		return PLX_EXIT_FAILED;
	}
	return 0;
}
