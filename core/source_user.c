/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_user.c - events that the program fires itself. No descriptor, no
 * system call unless somebody sleeps or looks from outside.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_USER, filt_usertouch; a trigger in the
 * very ADD fires, as on OpenBSD and macOS (design.md 3.16).
 */
#include "core/filter.h"

#define USER_BITS_MASK UINT32_C(0x00ffffff)

static uint32_t
user_combined(uint32_t bits, const struct iset_spec *spec)
{
	const uint32_t given = spec->user_bits & USER_BITS_MASK;

	switch (spec->combine) {
	case USER_AND:
		return bits & given;
	case USER_OR:
		return bits | given;
	case USER_COPY:
		return given;
	case USER_NOP:
	default:
		return bits;
	}
}

static void
user_fire(struct iset *set, uint32_t kn_index)
{
	knote_at(kn_index)->flags |= KN_FIRED;
	knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static void
user_attached(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);

	kn->bits = spec->user_bits & USER_BITS_MASK;
	if ((spec->fopts & FOPT_TRIGGER) != 0)
		user_fire(set, kn_index);
}

static int
user_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);

	kn->bits = user_combined(kn->bits, spec);
	kn->data = spec->data;
	if ((spec->flags & KN_CLEAR) != 0) {
		/* In a change, "clear" takes back a trigger, even its own. */
		kn->flags &= (uint16_t)~KN_FIRED;
		if (kn->state == KNOTE_QUEUED)
			knote_step(set, kn_index, KNOTE_STALE);
	} else if ((spec->fopts & FOPT_TRIGGER) != 0) {
		user_fire(set, kn_index);
	}
	return 0;
}

static void
user_enable(struct iset *set, uint32_t kn_index)
{
	if ((knote_at(kn_index)->flags & KN_FIRED) != 0)
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static bool
user_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	return (kn->flags & KN_FIRED) != 0;
}

static void
user_fill(const struct knote *kn, struct delivery *d)
{
	d->ident = kn->ident;
	d->data = kn->data;
	d->user_bits = kn->bits;
}

static void
user_clear(struct knote *kn)
{
	kn->flags &= (uint16_t)~KN_FIRED;
}

const struct filter_ops filter_user = {
	.name = "user",
	.attached = user_attached,
	.change = user_change,
	.enable = user_enable,
	.is_true = user_true,
	.fill = user_fill,
	.clear = user_clear,
};
