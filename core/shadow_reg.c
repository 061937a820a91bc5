/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow_reg.c - registrations, see shadow.h.
 *
 * A registration is on up to four lists: of its number, of its set, of its
 * user data (a hash table), and, once its number is closed, of its open file.
 * The lists of a number and of an open file are short: as long as there are
 * sets that watch the number.
 */
#include "core/shadow.h"

#include <errno.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/bug.h"
#include "core/lock.h"
#include "core/report.h"
#include "core/sys.h"

#define BUCKETS_START   1024u /* powers of two */
#define BUCKETS_MAX     (1u << 22)
#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

static struct plx_arena regs = PLX_ARENA(struct shadow_reg, 9);
static uint32_t *buckets;
static uint32_t buckets_n;
static uint32_t regs_n;
/* The latest MAYBE ones: the oldest makes room. */
static uint32_t maybes[SHADOW_MAYBE_MAX];
static uint16_t maybe_at;

int
shadow_reg_start(void)
{
	buckets = plx_sys_map(BUCKETS_START * sizeof(*buckets));
	if (buckets == NULL)
		return -ENOMEM;
	buckets_n = BUCKETS_START;
	return 0;
}

struct shadow_reg *
shadow_reg_at(uint32_t reg)
{
	return reg == 0 ? NULL : arena_at(&regs, reg);
}

/* An index that one of our own lists holds. */
static struct shadow_reg *
reg_must(uint32_t i)
{
	struct shadow_reg *reg = shadow_reg_at(i);

	PLX_ASSERT(reg != NULL);
	return reg;
}

static struct shadow_ofd *
ofd_must(uint32_t i)
{
	struct shadow_ofd *ofd = shadow_ofd_at(i);

	PLX_ASSERT(ofd != NULL);
	return ofd;
}

static uint32_t *
bucket_of(uint32_t set, uint64_t data)
{
	const uint64_t hash = (data ^ ((uint64_t)set << 48)) * HASH_MULTIPLIER;

	return &buckets[(hash >> 32) & (buckets_n - 1)];
}

/* Doubles the table when chains grow; stays as it is without memory. */
static void
buckets_grow(void)
{
	uint32_t *old = buckets;
	const uint32_t old_n = buckets_n;
	uint32_t i;

	if (regs_n <= buckets_n || buckets_n >= BUCKETS_MAX)
		return;
	buckets = plx_sys_map((size_t)old_n * 2 * sizeof(*buckets));
	if (buckets == NULL) {
		buckets = old;
		return;
	}
	buckets_n = old_n * 2;
	for (i = 0; i < old_n; i++) {
		while (old[i] != 0) {
			const uint32_t moved = old[i];
			struct shadow_reg *reg = reg_must(moved);
			uint32_t *head = bucket_of(reg->set, reg->data);

			old[i] = reg->data_next;
			reg->data_next = *head;
			*head = moved;
		}
	}
	plx_sys_unmap(old, (size_t)old_n * sizeof(*old));
}

static void
data_unlink(uint32_t i)
{
	struct shadow_reg *reg = reg_must(i);
	uint32_t *link = bucket_of(reg->set, reg->data);

	while (*link != i)
		link = &reg_must(*link)->data_next;
	*link = reg->data_next;
}

static void
data_link(uint32_t i)
{
	struct shadow_reg *reg = reg_must(i);
	uint32_t *head = bucket_of(reg->set, reg->data);

	reg->data_next = *head;
	*head = i;
}

static void
ghost_link(uint32_t i)
{
	struct shadow_reg *reg = reg_must(i);
	struct shadow_ofd *ofd = ofd_must(reg->ofd);

	reg->ofd_next = ofd->ghosts;
	ofd->ghosts = i;
}

static void
ghost_unlink(uint32_t i)
{
	struct shadow_reg *reg = reg_must(i);
	struct shadow_ofd *ofd = ofd_must(reg->ofd);
	uint32_t *link = &ofd->ghosts;

	while (*link != i)
		link = &reg_must(*link)->ofd_next;
	*link = reg->ofd_next;
}

static void
set_unlink(struct shadow_reg *reg)
{
	struct shadow_set *owner = shadow_set_at(reg->set);
	struct shadow_reg *next = shadow_reg_at(reg->set_next);
	struct shadow_reg *prev = shadow_reg_at(reg->set_prev);

	PLX_ASSERT(owner != NULL);
	if (next != NULL)
		next->set_prev = reg->set_prev;
	if (prev != NULL)
		prev->set_next = reg->set_next;
	else
		owner->first_reg = reg->set_next;
}

void
shadow_reg_drop(struct shadow_reg *reg)
{
	struct shadow_fd *entry = shadow_fd_at(reg->fd);
	const uint32_t i = reg->index;
	uint32_t *link;

	PLX_ASSERT(entry != NULL);
	link = &entry->regs;
	while (*link != i)
		link = &reg_must(*link)->fd_next;
	*link = reg->fd_next;
	data_unlink(i);
	set_unlink(reg);
	if (reg->state == SHADOW_GHOST)
		ghost_unlink(i);
	if (reg->state == SHADOW_MAYBE)
		maybes[reg->maybe] = 0;
	regs_n--;
	arena_give(&regs, i);
}

struct shadow_reg *
shadow_reg_find(uint32_t set, int fd)
{
	struct shadow_fd *entry = shadow_fd_at(fd);
	struct shadow_reg *reg;

	if (entry == NULL || entry->state != SHADOW_OPEN)
		return NULL;
	for (reg = shadow_reg_at(entry->regs); reg != NULL;
	     reg = shadow_reg_at(reg->fd_next))
		if (reg->set == set && reg->state == SHADOW_LIVE &&
		    reg->ofd == entry->ofd)
			return reg;
	return NULL;
}

/*
 * Memory is reused: what is only perhaps still registered must not be taken
 * for the new one, nor may the new one's events be taken for a ghost's.
 */
static void
data_reused(uint32_t set, uint64_t data)
{
	uint32_t i = *bucket_of(set, data);

	while (i != 0) {
		struct shadow_reg *reg = reg_must(i);

		i = reg->data_next;
		if (reg->set != set || reg->data != data)
			continue;
		if (reg->state == SHADOW_MAYBE)
			shadow_reg_drop(reg);
		else
			reg->guessed = true;
	}
}

struct shadow_reg *
shadow_reg_add(uint32_t set, int fd, plx_mask mask, uint64_t data)
{
	struct shadow_fd *entry = shadow_fd_at(fd);
	struct shadow_set *owner = shadow_set_at(set);
	struct shadow_reg *reg;
	uint32_t i;

	if (entry == NULL || owner == NULL)
		return NULL;
	data_reused(set, data);
	i = arena_take(&regs);
	reg = shadow_reg_at(i);
	if (reg == NULL) {
		report_mark_unseen(PLX_UNSEEN_FULL);
		return NULL;
	}
	*reg = (struct shadow_reg){ .index = i,
		.set = set,
		.fd = fd,
		.ofd = entry->ofd,
		.generation = entry->generation,
		.mask = mask,
		.data = data,
		.add_stack = PLX_NO_STACK,
		.close_stack = PLX_NO_STACK,
		.finding = -1,
		.state = SHADOW_LIVE };
	reg->fd_next = entry->regs;
	entry->regs = i;
	reg->set_next = owner->first_reg;
	if (owner->first_reg != 0)
		reg_must(owner->first_reg)->set_prev = i;
	owner->first_reg = i;
	regs_n++;
	buckets_grow();
	data_link(i);
	entry->added_set = set;
	entry->added_generation = entry->generation;
	return reg;
}

void
shadow_reg_change(struct shadow_reg *reg, plx_mask mask, uint64_t data)
{
	reg->mask = mask;
	if (reg->data == data)
		return;
	data_reused(reg->set, data);
	data_unlink(reg->index);
	reg->data = data;
	data_link(reg->index);
}

struct shadow_reg *
shadow_reg_by_data(uint32_t set, uint64_t data)
{
	struct shadow_reg *found = NULL;
	struct shadow_reg *reg;

	for (reg = shadow_reg_at(*bucket_of(set, data)); reg != NULL;
	     reg = shadow_reg_at(reg->data_next)) {
		if (reg->set != set || reg->data != data)
			continue;
		if (found != NULL)
			return NULL;
		found = reg;
	}
	return found;
}

static void
reg_doubt(struct shadow_reg *reg)
{
	if (maybes[maybe_at] != 0)
		shadow_reg_drop(reg_must(maybes[maybe_at]));
	reg->state = SHADOW_MAYBE;
	reg->maybe = maybe_at;
	maybes[maybe_at] = reg->index;
	maybe_at = (uint16_t)((maybe_at + 1) % SHADOW_MAYBE_MAX);
}

static void
reg_orphan(struct shadow_reg *reg, const struct shadow_fd *entry)
{
	const struct shadow_ofd *ofd = shadow_ofd_at(reg->ofd);

	reg->close_stack = entry->close_stack;
	reg->close_tid = entry->close_tid;
	reg->dead_seq = 0;
	/* refs still counts the number that is being closed. */
	if (ofd != NULL && ofd->refs > 1) {
		reg->state = SHADOW_GHOST;
		ghost_link(reg->index);
	} else if (ofd != NULL && shadow_ofd_foreign(ofd)) {
		reg_doubt(reg);
	} else {
		shadow_reg_drop(reg);
	}
}

/* A registration of this number that is still in force. */
static struct shadow_reg *
reg_live(const struct shadow_fd *entry)
{
	struct shadow_reg *reg = shadow_reg_at(entry->regs);

	while (reg != NULL && reg->state != SHADOW_LIVE)
		reg = shadow_reg_at(reg->fd_next);
	return reg;
}

void
shadow_regs_orphan(struct shadow_fd *entry)
{
	struct shadow_reg *reg;

	/* From the head each time: making room may drop any of the others. */
	while ((reg = reg_live(entry)) != NULL) {
		entry->debt = (struct shadow_debt){
			.generation = entry->generation,
			.set = reg->set,
			.tid = plx_tid(),
			.waits = shadow_self.waits
		};
		reg_orphan(reg, entry);
	}
}

void
shadow_regs_return(struct shadow_fd *entry)
{
	uint32_t i;

	for (i = entry->regs; i != 0; i = reg_must(i)->fd_next) {
		struct shadow_reg *reg = reg_must(i);

		if (reg->state != SHADOW_GHOST || reg->ofd != entry->ofd)
			continue;
		ghost_unlink(i);
		reg->state = SHADOW_LIVE;
		reg->generation = entry->generation;
		reg->dead_seq = 0;
	}
}

void
shadow_ofd_ended(uint32_t ofd)
{
	struct shadow_ofd *file = ofd_must(ofd);

	while (file->ghosts != 0) {
		struct shadow_reg *reg = reg_must(file->ghosts);

		if (!shadow_ofd_foreign(file)) {
			shadow_reg_drop(reg);
			continue;
		}
		file->ghosts = reg->ofd_next;
		reg_doubt(reg);
	}
}
