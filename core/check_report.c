/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_report.c - how sure a check may be, and what becomes of a finding.
 */
#include "core/check_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>

#include "core/lock.h"
#include "core/proc.h"
#include "core/report.h"
#include "core/stack.h"
#include "core/sys.h"
#include "core/sysfile.h"

#define IDIOMS_MAX 32

/* A finding that the thread's next call may turn into a known idiom. */
struct idiom {
	uint32_t tid; /* 0: free */
	int32_t set;
	int32_t fd;
	enum check_next next;
	int slot;
};

static struct plx_check_options options_now;
static struct idiom idioms[IDIOMS_MAX];
static uint32_t idiom_next;
static _Atomic uint32_t idioms_n;

enum plx_check_level
check_level(void)
{
	return options_now.level;
}

int
check_options_set(const struct plx_check_options *options)
{
	options_now = *options;
	return 0;
}

static bool
check_is_off(uint16_t id)
{
	uint32_t i;

	for (i = 0; i < options_now.off_n && i < PLX_CHECK_OFF_MAX; i++)
		if (options_now.off[i] == id)
			return true;
	return false;
}

enum plx_confidence
check_confidence(enum plx_confidence best, const struct shadow_fd *entry)
{
	if (best != PLX_CERTAIN)
		return best;
	/* Something may have escaped us: nothing is certain any more. */
	if (plx_proc_presence() != PLX_PRESENCE_INTERPOSED ||
	    report_unseen() != 0)
		return PLX_LIKELY;
	if (entry != NULL && entry->known == SHADOW_GUESSED)
		return PLX_LIKELY;
	return PLX_CERTAIN;
}

bool
check_fd_is_closed(int fd)
{
	return plx_sys_fcntl(fd, F_GETFD, 0) == -EBADF;
}

void
check_begin(struct plx_finding *ret_finding, const struct plx_record *rec,
    uint16_t id, char severity)
{
	int i;

	*ret_finding = (struct plx_finding){
		.id = id,
		.severity = (uint8_t)severity,
		.api = rec->api,
		.fd = rec->fd,
		.set = rec->set,
		.other = -1,
		.ret = rec->ret,
		.want = rec->want,
		.have = rec->have,
		.data = rec->data,
	};
	for (i = 0; i < (int)PLX_FINDING_STACKS; i++)
		ret_finding->stack[i] = PLX_NO_STACK;
}

static void
stack_set(struct plx_finding *finding, enum plx_stack_role role, uint32_t stack,
    uint32_t tid)
{
	finding->stack[role] = stack;
	finding->stack_tid[role] = (int32_t)tid;
}

void
check_misused_at(struct plx_finding *finding, uint32_t stack)
{
	stack_set(finding, PLX_STACK_MISUSED, stack, plx_tid());
}

void
check_about_fd(struct plx_finding *finding, const struct shadow_fd *entry)
{
	if (entry == NULL || entry->state == SHADOW_NEW)
		return;
	finding->generation = entry->generation;
	stack_set(finding, PLX_STACK_OPENED, entry->open_stack,
	    entry->open_tid);
	if (entry->state == SHADOW_CLOSED)
		stack_set(finding, PLX_STACK_CLOSED, entry->close_stack,
		    entry->close_tid);
}

void
check_about_reg(struct plx_finding *finding, const struct shadow_reg *reg)
{
	if (reg == NULL)
		return;
	finding->generation_registered = reg->generation;
	finding->want = reg->mask;
	finding->data = reg->data;
	stack_set(finding, PLX_STACK_REGISTERED, reg->add_stack, reg->add_tid);
	if (reg->state != SHADOW_LIVE)
		stack_set(finding, PLX_STACK_CLOSED, reg->close_stack,
		    reg->close_tid);
}

static void
name_find(int fd, struct plx_finding *finding)
{
	char path[40];
	size_t end;

	end = plx_text_append(path, 0, sizeof(path), "/proc/self/fd/");
	(void)plx_text_number(path, end, sizeof(path), fd);
	(void)plx_sys_readlink(path, finding->fd_name,
	    sizeof(finding->fd_name));
}

static int
finding_send(struct plx_finding *finding, enum plx_confidence best,
    const struct shadow_fd *entry)
{
	if (check_is_off(finding->id))
		return -ECANCELED;
	finding->confidence = (uint8_t)check_confidence(best, entry);
	if (finding->stack[PLX_STACK_MISUSED] == PLX_NO_STACK)
		stack_set(finding, PLX_STACK_MISUSED, plx_stack_capture(0),
		    plx_tid());
	if (finding->fd >= 0)
		name_find(finding->fd, finding);
	return report_finding(finding);
}

int
check_report(struct plx_finding *finding, enum plx_confidence best,
    const struct shadow_fd *entry)
{
	const int r = finding_send(finding, best, entry);

	if (r != -ECANCELED && check_level() == PLX_LEVEL_ABORT &&
	    finding->confidence == PLX_CERTAIN &&
	    (finding->severity == 'E' || finding->severity == 'F'))
		(void)plx_sys_raise(SIGABRT);
	return r;
}

void
check_report_idiom(struct plx_finding *finding, const struct shadow_fd *entry,
    enum check_next next)
{
	const int slot = finding_send(finding, PLX_CERTAIN, entry);
	struct idiom *idiom;

	if (slot < 0)
		return;
	idiom = &idioms[idiom_next++ % IDIOMS_MAX];
	if (idiom->tid == 0)
		(void)atomic_fetch_add_explicit(&idioms_n, 1,
		    memory_order_relaxed);
	*idiom = (struct idiom){ .tid = plx_tid(),
		.set = finding->set,
		.fd = finding->fd,
		.next = next,
		.slot = slot };
}

static void
idiom_end(struct idiom *idiom)
{
	idiom->tid = 0;
	(void)atomic_fetch_sub_explicit(&idioms_n, 1, memory_order_relaxed);
}

static bool
idioms_none(void)
{
	/* relaxed: a thread sees its own additions. */
	return atomic_load_explicit(&idioms_n, memory_order_relaxed) == 0;
}

void
check_idiom_seen(const struct plx_record *rec, enum check_next next)
{
	const uint32_t tid = plx_tid();
	int i;

	if (idioms_none())
		return;
	for (i = 0; i < IDIOMS_MAX; i++) {
		struct idiom *idiom = &idioms[i];

		if (idiom->tid != tid || idiom->fd != rec->fd ||
		    idiom->set != rec->set || idiom->next != next)
			continue;
		report_withdraw(idiom->slot);
		idiom_end(idiom);
	}
}

void
check_idiom_over(void)
{
	uint32_t tid;
	int i;

	if (idioms_none() || !shadow_enter())
		return;
	tid = plx_tid();
	for (i = 0; i < IDIOMS_MAX; i++)
		if (idioms[i].tid == tid)
			idiom_end(&idioms[i]);
	shadow_leave();
}
