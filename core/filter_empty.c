/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_empty.c - a socket whose send buffer holds nothing: all was sent, and
 * where the protocol acknowledges, acknowledged.
 *
 * No wake-up of Linux says so. While the interest is armed and the buffer is
 * not empty, a timer of the set looks at it, soon first and then every
 * LOOK_MAX_NS. With KN_CLEAR it goes on to look after a delivery: it fires again
 * when something was sent since, which a TCP socket's count of acknowledged
 * bytes tells even if it was gone between two looks.
 *
 * A knote: data is its timer, have that count, bits TOLD.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_EMPTY, filt_soempty; tcp(7) SIOCOUTQ.
 */
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/sys.h"

#define LOOK_MIN_NS PLX_NS_PER_MS
#define LOOK_MAX_NS (50 * PLX_NS_PER_MS)

/* Delivered, and nothing was seen in the buffer since. */
#define TOLD 1u

static int
empty_fd(const struct knote *kn)
{
	return (int)source_at(kn->source)->fd;
}

/* A listening socket has no send buffer: that is empty (FreeBSD). */
static bool
sent_all(int fd)
{
	int queued;
	const int r = plx_sys_ioctl_int(fd, TIOCOUTQ, &queued);

	return r < 0 ? r == -EINVAL : queued == 0;
}

static uint32_t
acked_bytes(int fd)
{
	const uint32_t needed = offsetof(struct tcp_info, tcpi_bytes_acked) +
	    sizeof(uint64_t);
	struct tcp_info info = { 0 };
	uint32_t len = sizeof(info);

	if (plx_sys(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&info,
		(long)&len, 0) < 0 ||
	    len < needed)
		return 0;
	return (uint32_t)info.tcpi_bytes_acked;
}

static int
empty_check(const struct iset_spec *spec)
{
	struct stat st;
	int queued;
	int r;

	if (spec->ident > INT_MAX)
		return -EBADF;
	r = (int)plx_sys(SYS_fstat, (long)spec->ident, (long)&st, 0, 0, 0, 0);
	if (r < 0)
		return r;
	if (!S_ISSOCK(st.st_mode))
		return -EINVAL;
	/* Listening sockets say EINVAL, those that do not count ENOTTY. */
	r = plx_sys_ioctl_int((int)spec->ident, TIOCOUTQ, &queued);
	return r == -ENOTTY || r == -EOPNOTSUPP ? -EINVAL : 0;
}

static uint32_t
empty_timer(const struct knote *kn)
{
	PLX_ASSERT(kn->filter == FILTER_EMPTY);
	return (uint32_t)kn->data;
}

static int
empty_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const uint32_t t_index = timer_make(set, kn_index);

	(void)spec;
	if (t_index == 0)
		return -ENOMEM;
	kn->data = t_index;
	kn->bits = 0;
	return 0;
}

static void
empty_detach(struct iset *set, uint32_t kn_index)
{
	timer_end(set, empty_timer(knote_at(kn_index)));
}

static bool
empty_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	return (kn->bits & TOLD) == 0 && sent_all(empty_fd(kn));
}

/* Not true now, or told: the timer finds out when that changes. */
static void
empty_idle(struct iset *set, uint32_t kn_index)
{
	const struct knote *kn = knote_at(kn_index);
	const bool told = (kn->bits & TOLD) != 0;
	struct plx_timer *t = timer_at(empty_timer(kn));

	t->period_ns = told ? LOOK_MAX_NS : LOOK_MIN_NS;
	timer_set(set, empty_timer(kn), plx_sys_now_ns() + t->period_ns);
}

static int64_t
empty_due(struct iset *set, uint32_t kn_index, int64_t now_ns)
{
	struct knote *kn = knote_at(kn_index);
	struct plx_timer *t = timer_at(empty_timer(kn));
	const int fd = empty_fd(kn);

	if (kn->state != KNOTE_IDLE)
		return DEADLINE_NEVER;
	if (!sent_all(fd) || acked_bytes(fd) != kn->have)
		kn->bits &= ~TOLD;
	if (empty_true(set, kn)) {
		knote_step(set, kn_index, KNOTE_ACTIVATE);
		return DEADLINE_NEVER;
	}
	t->period_ns *= 2;
	if (t->period_ns > LOOK_MAX_NS)
		t->period_ns = LOOK_MAX_NS;
	return now_ns + t->period_ns;
}

static void
empty_look(struct iset *set, uint32_t kn_index)
{
	if (knote_at(kn_index)->state != KNOTE_IDLE)
		return;
	if (empty_true(set, knote_at(kn_index)))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
	else
		empty_idle(set, kn_index);
}

static void
empty_attached(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	(void)spec;
	empty_look(set, kn_index);
}

static int
empty_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	(void)spec;
	empty_look(set, kn_index);
	return 0;
}

static void
empty_disable(struct iset *set, uint32_t kn_index)
{
	timer_set(set, empty_timer(knote_at(kn_index)), DEADLINE_NEVER);
}

static void
empty_fill(const struct knote *kn, struct delivery *d)
{
	d->ident = source_at(kn->source)->fd;
}

static void
empty_clear(struct knote *kn)
{
	kn->bits |= TOLD;
	kn->have = acked_bytes(empty_fd(kn));
}

const struct filter_ops filter_empty = {
	.name = "empty",
	.fd = true,
	.check = empty_check,
	.attach = empty_attach,
	.attached = empty_attached,
	.change = empty_change,
	.detach = empty_detach,
	.enable = empty_look,
	.disable = empty_disable,
	.idle = empty_idle,
	.due = empty_due,
	.is_true = empty_true,
	.fill = empty_fill,
	.clear = empty_clear,
};
