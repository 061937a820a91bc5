/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * face_epoll.c - epoll over the engine: a policy row, the mask translators of
 * masks.h, and the order of the kernel's argument checks. No readiness logic.
 *
 * Authority: epoll_ctl(2), epoll_wait(2), fs/eventpoll.c.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/fdtab.h"
#include "core/iset.h"
#include "core/mutant.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/masks.h"
#include "shim/real.h"
#include "shim/seen.h"
#include "shim/setwait.h"

/* EP_MAX_EVENTS of the kernel. */
#define EVENTS_MAX ((int)(INT_MAX / sizeof(struct epoll_event)))
/* Above this no address of a program lies (x86-64 and aarch64, 47 bits). */
#define USER_TOP            (UINT64_C(1) << 47)
#define KERNEL_SIGSET_BYTES 8

long
face_epoll_create1(const long *arg)
{
	const int flags = (int)arg[0];

	if ((flags & ~EPOLL_CLOEXEC) != 0)
		return plx_ret(-EINVAL);
	plx_shim_track();
	return plx_ret(
	    iset_create(PLX_FACE_EPOLL, (flags & EPOLL_CLOEXEC) != 0));
}

long
face_epoll_create(const long *arg)
{
	const long flags = 0;

	if ((int)arg[0] <= 0)
		return plx_ret(-EINVAL);
	return face_epoll_create1(&flags);
}

/* --- epoll_ctl --- */

static long
ctl_by_kernel(const long *arg)
{
	return plx_real.epoll_ctl((int)arg[0], (int)arg[1], (int)arg[2],
	    (struct epoll_event *)arg[3]);
}

static uint32_t
ctl_op(int op)
{
	switch (op) {
	case EPOLL_CTL_ADD:
		return ISET_ADD;
	case EPOLL_CTL_MOD:
		return ISET_MODIFY | ISET_ENABLE;
	default:
		return ISET_DELETE;
	}
}

static void
spec_fill(struct iset_spec *spec, const long *arg)
{
	struct epoll_event event;

	*spec = (struct iset_spec){
		.ident = (uint64_t)(int)arg[2],
		.filter = FILTER_FD,
		.op = ctl_op((int)arg[1]),
	};
	if ((spec->op & ISET_DELETE) != 0)
		return;
	memcpy(&event, (const void *)arg[3], sizeof(event));
	spec->want = plx_mask_from_epoll(event.events);
	spec->udata = event.data.u64;
	if ((spec->want & PLX_ONESHOT) != 0)
		spec->flags |= KN_DISPATCH;
}

/* What the kernel checks before it looks for the item, or cannot be ours. */
static bool
ctl_is_kernels(const long *arg)
{
	const int op = (int)arg[1];
	const struct epoll_event *event = (const void *)arg[3];

	if (op == EPOLL_CTL_DEL)
		return (int)arg[2] < 0;
	if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD)
		return true;
	return (int)arg[2] < 0 || event == NULL ||
	    !plx_seen_readable(event, sizeof(*event));
}

long
face_epoll_ctl(const long *arg)
{
	const int epfd = (int)arg[0];
	struct iset_spec spec;
	struct iset *set;
	int r;

	if (ctl_is_kernels(arg))
		return ctl_by_kernel(arg);
	set = iset_get(epfd, PLX_FACE_EPOLL);
	if (set == NULL)
		return fdtab_kind(epfd) == FD_ISET ? plx_ret(-EINVAL)
						   : ctl_by_kernel(arg);
	spec_fill(&spec, arg);
	r = iset_register(set, &spec);
	iset_put(set);
	return plx_ret(r);
}

/* --- waiting --- */

static void
event_emit(void *context, int i, const struct delivery *d)
{
	struct epoll_event event = {
		.events = plx_mask_to_epoll(d->have),
		.data = { .u64 = d->udata },
	};

	memcpy((char *)context + (size_t)i * sizeof(event), &event,
	    sizeof(event));
}

static bool
events_plausible(const long *arg)
{
	const int most = (int)arg[2];
	const uint64_t at = (uint64_t)arg[1];

	return most > 0 && most <= EVENTS_MAX &&
	    at + (uint64_t)most * sizeof(struct epoll_event) < USER_TOP;
}

static int
wait_in_set(struct iset *set, const long *arg, int64_t timeout_ns,
    const sigset_t *mask)
{
	const size_t most = (size_t)arg[2];
	struct iset_wait wait = {
		.emit = event_emit,
		.context = (void *)arg[1],
		.out_max = (int)arg[2],
		.scratch = (void *)arg[1],
		.scratch_bytes = most * sizeof(struct epoll_event),
		.mask = mask,
		.deadline = DEADLINE_NEVER,
	};

	if (timeout_ns == 0)
		wait.deadline = DEADLINE_NOW;
	else if (timeout_ns > 0)
		wait.deadline = deadline_after(plx_sys_now_ns(),
		    PLX_MUTATE(wait_ends_early, timeout_ns, timeout_ns / 2));
	return plx_set_wait(set, &wait);
}

static long
wait_by_engine(const long *arg, int64_t timeout_ns, const sigset_t *mask,
    long (*by_kernel)(const long *arg))
{
	const int epfd = (int)arg[0];
	struct iset *set;
	int r;

	if (!events_plausible(arg))
		return by_kernel(arg);
	set = iset_get(epfd, PLX_FACE_EPOLL);
	if (set == NULL)
		return fdtab_kind(epfd) == FD_ISET ? plx_ret(-EINVAL)
						   : by_kernel(arg);
	r = wait_in_set(set, arg, timeout_ns, mask);
	iset_put(set);
	return plx_ret(r);
}

static int64_t
ns_of_ms(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : (int64_t)timeout_ms * PLX_NS_PER_MS;
}

static long
wait_by_kernel(const long *arg)
{
	return plx_real.epoll_wait((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (int)arg[3]);
}

static long
pwait_by_kernel(const long *arg)
{
	return plx_real.epoll_pwait((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (int)arg[3], (const sigset_t *)arg[4]);
}

static long
pwait2_by_kernel(const long *arg)
{
	return plx_real.epoll_pwait2((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (const struct timespec *)arg[3],
	    (const sigset_t *)arg[4]);
}

long
face_epoll_wait(const long *arg)
{
	return wait_by_engine(arg, ns_of_ms((int)arg[3]), NULL, wait_by_kernel);
}

/* What the kernel says of a mask before anything else; 0 if nothing. */
static int
mask_objection(const long *arg)
{
	const void *mask = (const void *)arg[4];
	const bool raw = arg[PLX_ARGS_MAX - 1] != 0;

	if (mask == NULL)
		return 0;
	if (raw && arg[5] != KERNEL_SIGSET_BYTES)
		return -EINVAL;
	return plx_seen_readable(mask, KERNEL_SIGSET_BYTES) ? 0 : -EFAULT;
}

long
face_epoll_pwait(const long *arg)
{
	const int r = mask_objection(arg);

	if (r < 0)
		return plx_ret(r);
	return wait_by_engine(arg, ns_of_ms((int)arg[3]),
	    (const sigset_t *)arg[4], pwait_by_kernel);
}

long
face_epoll_pwait2(const long *arg)
{
	int64_t timeout_ns;
	int r;

	if (face_timeout_ns((const struct timespec *)arg[3], &timeout_ns) < 0)
		return pwait2_by_kernel(arg);
	r = mask_objection(arg);
	if (r < 0)
		return plx_ret(r);
	return wait_by_engine(arg, timeout_ns, (const sigset_t *)arg[4],
	    pwait2_by_kernel);
}

void
face_epoll_take(struct plx_make *m, int epfd)
{
	static const struct {
		enum plx_api api;
		long (*make)(const long *arg);
	} answers[] = {
		{ PLX_API_epoll_ctl, face_epoll_ctl },
		{ PLX_API_epoll_wait, face_epoll_wait },
		{ PLX_API_epoll_pwait, face_epoll_pwait },
		{ PLX_API_epoll_pwait2, face_epoll_pwait2 },
	};

	if (fdtab_kind(epfd) != FD_ISET)
		return;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].api == m->call.api)
			m->make = answers[i].make;
	}
}
