/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orphan.c - registrations that outlive their number.
 *
 * Where the policy says that a member lives while its open file does, closing a
 * number leaves a source without one. If the file is gone too, the kernel has
 * dropped its item and nobody tells us: so from time to time the kernel's own
 * list, /proc/self/fdinfo/<epfd>, is read, and orphans it does not name are let
 * go. The next audit comes when their number has doubled: O(1) a close.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset_impl.h"
#include "core/sys.h"

#define ORPHANS_MAX_MIN 64
#define READ_BYTES      4096

static bool
source_queued(const struct source *src)
{
	uint32_t at = src->klist;

	while (at != 0 && knote_at(at)->state != KNOTE_QUEUED)
		at = knote_at(at)->chain;
	return at != 0;
}

void
orphan_keep(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);

	src->orphan = 1;
	/* relaxed: under the lock from here on. */
	atomic_store_explicit(&src->closed_next, set->orphan_head,
	    memory_order_relaxed);
	set->orphan_head = src_index;
	set->orphans_n++;
	/* What waits is told only if the file lives: ask now, not later. */
	if (set->orphans_n >= set->orphans_max || source_queued(src))
		orphans_audit(set);
}

static void
path_of(int epfd, char path[64])
{
	static const char prefix[] = "/proc/self/fdinfo/";
	char digits[12];
	size_t n = 0;
	size_t at = sizeof(prefix) - 1;

	memcpy(path, prefix, at);
	do {
		digits[n++] = (char)('0' + epfd % 10);
		epfd /= 10;
	} while (epfd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
}

/* State of the scan for "data: <hex>" over buffer boundaries. */
struct scan {
	size_t matched; /* characters of the key seen */
	bool in_number;
	uint64_t value;
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
mark_alive(uint64_t cookie)
{
	const uint32_t src_index = (uint32_t)cookie;
	struct source *src = source_at(src_index);

	/* The `dirty` bit has no use on an orphan: here it means "named". */
	if (src != NULL && src->orphan != 0 &&
	    source_cookie(src_index, 0) == cookie)
		src->dirty = 1;
}

static void
scan_char(struct scan *s, char c)
{
	static const char key[] = "data:";

	if (s->in_number) {
		if (hex_digit(c) >= 0) {
			s->value = s->value << 4 | (uint64_t)hex_digit(c);
			return;
		}
		if (c == ' ' && s->value == 0)
			return; /* padding before the number */
		mark_alive(s->value);
		s->in_number = false;
	}
	s->matched = c == key[s->matched] ? s->matched + 1 : c == key[0];
	if (s->matched == sizeof(key) - 1) {
		*s = (struct scan){ .in_number = true };
	}
}

/* 0 when the whole list was read. */
static int
kernel_list_scan(int epfd)
{
	char path[64];
	char buffer[READ_BYTES];
	struct scan s = { 0 };
	int fd;
	long n;

	path_of(epfd, path);
	fd = (int)plx_sys(SYS_openat, AT_FDCWD, (long)path,
	    O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd < 0)
		return fd;
	while ((n = plx_sys(SYS_read, fd, (long)buffer, READ_BYTES, 0, 0, 0)) >
	    0) {
		for (long i = 0; i < n; i++)
			scan_char(&s, buffer[i]);
	}
	(void)plx_sys_close(fd);
	return (int)n;
}

void
orphans_audit(struct iset *set)
{
	uint32_t at = set->orphan_head;

	if (kernel_list_scan(
		atomic_load_explicit(&set->epfd, memory_order_relaxed)) < 0) {
		set->orphans_max *= 2;
		return;
	}
	set->orphan_head = 0;
	set->orphans_n = 0;
	while (at != 0) {
		struct source *src = source_at(at);
		const uint32_t next = atomic_load_explicit(&src->closed_next,
		    memory_order_relaxed);

		if (src->dirty != 0) {
			src->dirty = 0;
			atomic_store_explicit(&src->closed_next,
			    set->orphan_head, memory_order_relaxed);
			set->orphan_head = at;
			set->orphans_n++;
		} else {
			src->orphan = 0;
			source_forget(set, at);
		}
		at = next;
	}
	set->orphans_max = set->orphans_n * 2 + ORPHANS_MAX_MIN;
}

static void
orphan_unlink(struct iset *set, uint32_t src_index)
{
	uint32_t at = set->orphan_head;
	const uint32_t next = atomic_load_explicit(
	    &source_at(src_index)->closed_next, memory_order_relaxed);

	set->orphans_n--;
	source_at(src_index)->orphan = 0;
	if (at == src_index) {
		set->orphan_head = next;
		return;
	}
	for (;;) {
		struct source *src = source_at(at);

		at = atomic_load_explicit(&src->closed_next,
		    memory_order_relaxed);
		if (at == src_index) {
			atomic_store_explicit(&src->closed_next, next,
			    memory_order_relaxed);
			return;
		}
	}
}

uint32_t
orphan_return(struct iset *set, int fd)
{
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
	uint32_t at = set->orphan_head;

	while (at != 0 && source_at(at)->fd != (uint32_t)fd)
		at = atomic_load_explicit(&source_at(at)->closed_next,
		    memory_order_relaxed);
	if (at == 0 || fd_index_get(set, fd) != 0)
		return 0;
	/* Only the kernel knows whether (file, fd) is that item again. */
	if (backend_mod(epfd, fd, source_at(at)->armed[0],
		source_cookie(at, 0)) < 0)
		return 0;
	orphan_unlink(set, at);
	/* release: as source_make. */
	atomic_store_explicit(fd_index_slot(set, fd), at, memory_order_release);
	(void)fdtab_set_flag(fd, FD_WATCHED);
	return at;
}

void
orphans_forget(struct iset *set)
{
	while (set->orphan_head != 0) {
		const uint32_t at = set->orphan_head;
		struct source *src = source_at(at);

		set->orphan_head = atomic_load_explicit(&src->closed_next,
		    memory_order_relaxed);
		src->orphan = 0;
		source_forget(set, at);
	}
	set->orphans_n = 0;
}
