/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - see hooks.h.
 */
#include "shim/hooks.h"

#include <limits.h>

#include "core/fdtab.h"
#include "core/iset.h"
#include "core/mutant.h"
#include "core/proc.h"
#include "shim/active.h"
#include "shim/private.h"
#include "shim/seen.h"

#define WORD_BITS ((int)(sizeof(unsigned long) * CHAR_BIT))

/* Whether what we know about descriptors is about this process's. */
static bool
owner(void)
{
	return plx_sandboxed() || plx_proc_is_owner();
}

bool
plx_hook_private(int fd)
{
	return fdtab_kind(fd) == FD_PRIVATE && owner();
}

bool
plx_hook_kept(int fd)
{
	return fdtab_kind(fd) == FD_PRIVATE &&
	    (private_fd_inherited(fd) || owner());
}

bool
plx_hook_known(int fd)
{
	struct fd_entry entry = fdtab_get(fd);

	return entry.kind != FD_PLAIN || entry.flags != 0;
}

void
plx_hook_closing(int fd)
{
	if (plx_hook_known(fd) && owner() &&
	    PLX_MUTATE(close_is_not_told, true, false))
		iset_fd_closing(fd);
}

/* A set of ours, and this process may write what belongs to it. */
static bool
hook_set(int fd)
{
	return fdtab_kind(fd) == FD_ISET && owner();
}

void
plx_hook_dup(int old_fd, int new_fd)
{
	if (hook_set(old_fd) && PLX_MUTATE(dup_is_not_told, true, false))
		iset_fd_dup(old_fd, new_fd);
}

void
plx_hook_publish(int fd)
{
	if (hook_set(fd))
		iset_publish(fd);
}

void
plx_hook_pass(int fd)
{
	if (!hook_set(fd))
		return;
	if (PLX_MUTATE(sent_sets_stay, true, false))
		(void)iset_give_back(fd);
	iset_publish(fd);
}

void
plx_hook_fork_prepare(void)
{
	if (!owner())
		return;
	if (PLX_MUTATE(fork_keeps_the_sets, true, false))
		(void)iset_fork_prepare();
	iset_publish_all();
}

bool
plx_hook_poll(const struct pollfd *fds, nfds_t n)
{
	bool found = false;
	nfds_t i;

	/* The kernel refuses such an array, and what it cannot read. */
	if (n > INT_MAX || !plx_seen_readable(fds, n * sizeof(*fds)))
		return false;
	for (i = 0; i < n; i++) {
		plx_hook_publish(fds[i].fd);
		found = found || plx_hook_private(fds[i].fd);
	}
	return found;
}

static bool
select_word(int base, unsigned long word)
{
	bool found = false;

	for (; word != 0; word &= word - 1) {
		int fd = base + __builtin_ctzl(word);

		plx_hook_publish(fd);
		found = found || plx_hook_private(fd);
	}
	return found;
}

bool
plx_hook_select(int n, fd_set *const sets[3])
{
	bool found = false;
	int words = n <= 0 ? 0 : (n - 1) / WORD_BITS + 1;
	int i;
	int j;

	for (i = 0; i < 3; i++) {
		const unsigned long *word = (const void *)sets[i];

		if (word == NULL ||
		    !plx_seen_readable(word, (size_t)words * sizeof(*word)))
			continue;
		for (j = 0; j < words; j++) {
			unsigned long bits = word[j];

			if (j == words - 1 && n % WORD_BITS != 0)
				bits &= ~0UL >> (WORD_BITS - n % WORD_BITS);
			found = select_word(j * WORD_BITS, bits) || found;
		}
	}
	return found;
}
