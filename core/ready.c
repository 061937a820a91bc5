/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ready.c - the ready list: a FIFO of knote indices, each at most once.
 *
 * Called by knote.c (push) and deliver.c (pop), under the set's lock. A knote
 * that stops being ready while it is linked stays linked and is skipped by the
 * pass that meets it; membership is KN_LINKED, meaning is the state. It must
 * not know what a knote is about.
 */
#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/mutant.h"

void
ready_push(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	PLX_ASSERT(kn != NULL);
	if ((kn->flags & KN_LINKED) != 0)
		return;
	kn->flags |= KN_LINKED;
	kn->ready_next = READY_END;
	if (PLX_MUTATE(ready_list_is_a_stack, false, set->ready.head != 0)) {
		kn->ready_next = set->ready.head;
		set->ready.head = kn_index;
		set->ready.n++;
		return;
	}
	if (set->ready.head == 0)
		set->ready.head = kn_index;
	else
		knote_at(set->ready.tail)->ready_next = kn_index;
	set->ready.tail = kn_index;
	set->ready.n++;
}

uint32_t
ready_pop(struct iset *set)
{
	const uint32_t kn_index = set->ready.head;
	struct knote *kn;

	if (kn_index == 0)
		return 0;
	kn = knote_at(kn_index);
	PLX_ASSERT((kn->flags & KN_LINKED) != 0);
	PLX_ASSERT(set->ready.n > 0);
	set->ready.head = kn->ready_next == READY_END ? 0 : kn->ready_next;
	set->ready.n--;
	kn->flags &= (uint16_t)~KN_LINKED;
	return kn_index;
}
