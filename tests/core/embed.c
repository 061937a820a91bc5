/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * embed.c - see embed.h.
 */
#include "tests/core/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/fdtab.h"
#include "core/os.h"
#include "core/proc.h"
#include "core/sys.h"
#include "tests/core/wrap.h"

#define KERNEL_SIGSET_BYTES 8
#define WATCHDOG_S          30

/* Maps succeed before the first test, too. */
struct embed embed = { .maps_left = FOREVER };
int kq;
struct iset *set;
_Thread_local struct delivery got[EMBED_GOT];

static enum plx_face tcase_face;

/* --- the table --- */

static const struct timespec *
span(int64_t ns, struct timespec *ts)
{
	if (ns < 0)
		return NULL;
	ts->tv_sec = ns / PLX_NS_PER_S;
	ts->tv_nsec = ns % PLX_NS_PER_S;
	return ts;
}

static int
raw_epoll_wait(int epfd, struct epoll_event *ret_events, int events_max,
    int64_t timeout_ns, const sigset_t *mask)
{
	struct timespec ts;

	atomic_fetch_add(&embed.sleeps_n, 1);
	if (embed.sleep != NULL)
		return embed.sleep(epfd, ret_events, events_max, timeout_ns,
		    mask);
	return (int)plx_sys(SYS_epoll_pwait2, epfd, (long)ret_events,
	    events_max, (long)span(timeout_ns, &ts), (long)mask,
	    KERNEL_SIGSET_BYTES);
}

static int
raw_poll(struct pollfd *fds, unsigned int fds_n, int64_t timeout_ns,
    const sigset_t *mask)
{
	struct timespec ts;

	atomic_fetch_add(&embed.sleeps_n, 1);
	return (int)plx_sys(SYS_ppoll, (long)fds, fds_n,
	    (long)span(timeout_ns, &ts), (long)mask, KERNEL_SIGSET_BYTES, 0);
}

static int
keep(int fd, void (*moved)(int old_fd, int new_fd))
{
	(void)moved;
	return fd;
}

static void
drop(int fd)
{
	(void)plx_sys_close(fd);
}

/* --- what the linker wraps: see BUILD --- */

void *
__wrap_plx_sys_map(size_t len_bytes)
{
	void *p;

	if (atomic_fetch_sub(&embed.maps_left, 1) <= 0) {
		atomic_store(&embed.maps_left, 0);
		return NULL;
	}
	atomic_fetch_add(&embed.maps_n, 1);
	/* libc's, so that the thread sanitizer knows old memory from new. */
	p = mmap(NULL, len_bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
__wrap_plx_sys_unmap(void *p, size_t len_bytes)
{
	(void)munmap(p, len_bytes);
}

int
__wrap_plx_sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	const int fail = op == EPOLL_CTL_ADD
	    ? atomic_exchange(&embed.ctl_fail, 0)
	    : 0;

	atomic_fetch_add(&embed.ctl_n, 1);
	if (fail != 0)
		return fail;
	return __real_plx_sys_epoll_ctl(epfd, op, fd, event);
}

int64_t
__wrap_plx_sys_now_ns(void)
{
	const int64_t ns = atomic_load(&embed.clock_ns);

	return ns != 0 ? ns : __real_plx_sys_now_ns();
}

int64_t
__wrap_plx_sys_realtime_ns(void)
{
	const int64_t ns = atomic_load(&embed.wall_ns);

	return ns != 0 ? ns : __real_plx_sys_realtime_ns();
}

/* --- sets and descriptors --- */

void
embed_presence(bool interposed)
{
	(void)plx_proc_init(
	    interposed ? PLX_PRESENCE_INTERPOSED : PLX_PRESENCE_BLIND);
}

static void
embed_reset(void)
{
	embed.sleep = NULL;
	atomic_store(&embed.clock_ns, 0);
	atomic_store(&embed.wall_ns, 0);
	atomic_store(&embed.maps_left, FOREVER);
	atomic_store(&embed.maps_n, 0);
	atomic_store(&embed.ctl_n, 0);
	atomic_store(&embed.ctl_fail, 0);
	atomic_store(&embed.sleeps_n, 0);
	plx_os = (struct plx_os){
		.epoll_wait = raw_epoll_wait,
		.poll = raw_poll,
		.fd_hide = keep,
		.fd_drop = drop,
	};
}

int
set_open(enum plx_face face, struct iset **ret_set)
{
	const int fd = iset_create(face, true);

	ck_assert_int_ge(fd, 0);
	*ret_set = iset_get(fd, face);
	ck_assert_ptr_nonnull(*ret_set);
	return fd;
}

void
set_close(int fd, struct iset *other)
{
	fd_close(fd);
	iset_put(other);
}

void
fd_close(int fd)
{
	iset_fd_closing(fd);
	ck_assert_int_eq(close(fd), 0);
}

int
fd_dup(int fd)
{
	const int fresh = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	ck_assert_int_ge(fresh, 0);
	iset_fd_dup(fd, fresh);
	return fresh;
}

static void
emit(void *context, int i, const struct delivery *d)
{
	(void)context;
	ck_assert_int_lt(i, EMBED_GOT);
	got[i] = *d;
}

static int
take_until(struct iset *from, int max, plx_deadline deadline)
{
	static _Thread_local char scratch[(EMBED_GOT + 4) * 16];
	const struct iset_wait w = {
		.emit = emit,
		.out_max = max,
		.scratch = scratch,
		.scratch_bytes = sizeof(scratch),
		.deadline = deadline,
	};

	return iset_wait(from, &w);
}

int
take(struct iset *from, int max)
{
	return take_until(from, max, DEADLINE_NOW);
}

int
take_within(struct iset *from, int max, int64_t ns)
{
	return take_until(from, max, deadline_after(plx_sys_now_ns(), ns));
}

/* --- what the kernel says --- */

bool
readable(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(poll(&one, 1, 0), 0);
	return (one.revents & POLLIN) != 0;
}

int
fds_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

void
kernel_list(int fd, char *text, size_t text_bytes)
{
	char path[64];
	size_t at = 0;
	ssize_t n = 1;
	int list;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	list = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(list, 0);
	while (n > 0 && at < text_bytes - 1) {
		n = read(list, text + at, text_bytes - 1 - at);
		at += n > 0 ? (size_t)n : 0;
	}
	text[at] = '\0';
	(void)close(list);
}

int
kernel_items(int fd)
{
	char text[65536];
	const char *at = text;
	int n = 0;

	kernel_list(fd, text, sizeof(text));
	while ((at = strstr(at, "tfd:")) != NULL) {
		at += 4;
		n++;
	}
	return n;
}

uint32_t
arena_live(struct plx_arena *arena)
{
	uint32_t live = atomic_load(&arena->used);
	uint32_t at = (uint32_t)atomic_load(&arena->free);

	while (at != 0) {
		const uint32_t *link = arena_at(arena, at);

		live--;
		at = *link;
	}
	return live;
}

struct source *
source_on(struct iset *of, int fd)
{
	return source_at(fd_index_get(of, fd));
}

void
sleepers_wait(struct iset *of, uint32_t n)
{
	const int64_t end = __real_plx_sys_now_ns() + PATIENCE_NS;

	while (atomic_load(&of->waiters) != n) {
		ck_assert_msg(__real_plx_sys_now_ns() < end,
		    "%u threads should sleep, %u do", n,
		    atomic_load(&of->waiters));
		(void)sched_yield();
	}
}

int
rounds(int usual)
{
	const char *given = getenv("PLX_TEST_ROUNDS");

	return given != NULL ? atoi(given) : usual;
}

static struct plx_arena *const arenas[] = { &plx_isets, &plx_knotes,
	&plx_sources, &plx_timers };
static const char *const arena_names[] = { "sets", "knotes", "sources",
	"timers" };

static uint32_t
knote_about(struct iset *of, const struct iset_spec *spec)
{
	const struct source *src;

	if (spec == NULL)
		return 0;
	if (!filter_is_fd(spec->filter))
		return hash_find(of, spec->filter, spec->ident);
	if (spec->ident > INT_MAX)
		return 0;
	src = source_on(of, (int)spec->ident);
	return src == NULL ? 0 : src->klist;
}

void
snapshot_take(struct iset *of, int of_fd, const struct iset_spec *spec,
    struct snapshot *ret)
{
	uint32_t at = knote_about(of, spec);

	memset(ret, 0, sizeof(*ret));
	kernel_list(of_fd, ret->list, sizeof(ret->list));
	for (int i = 0; i < 4; i++)
		ret->live[i] = arena_live(arenas[i]);
	ret->ready = of->ready;
	ret->soft_n = of->soft_n;
	ret->hash_n = of->hash.n;
	ret->timers_n = of->timers.n;
	ret->dirty_n = of->dirty_n;
	ret->files_n = of->files_n;
	ret->orphans_n = of->orphans_n;
	ret->fds = fds_open();
	for (int i = 0; i < 2 && at != 0; i++) {
		ret->knote[i] = *knote_at(at);
		at = knote_at(at)->chain;
	}
}

void
snapshot_same(const struct snapshot *a, const struct snapshot *b)
{
	ck_assert_str_eq(b->list, a->list);
	for (int i = 0; i < 4; i++)
		ck_assert_msg(a->live[i] == b->live[i], "%u %s, then %u",
		    a->live[i], arena_names[i], b->live[i]);
	ck_assert_mem_eq(&b->ready, &a->ready, sizeof(a->ready));
	ck_assert_uint_eq(b->soft_n, a->soft_n);
	ck_assert_uint_eq(b->hash_n, a->hash_n);
	ck_assert_uint_eq(b->timers_n, a->timers_n);
	ck_assert_uint_eq(b->dirty_n, a->dirty_n);
	ck_assert_uint_eq(b->files_n, a->files_n);
	ck_assert_uint_eq(b->orphans_n, a->orphans_n);
	ck_assert_mem_eq(b->knote, a->knote, sizeof(a->knote));
	ck_assert_int_eq(b->fds, a->fds);
}

/* --- the fixture --- */

static uint32_t live_before[4];
static int fds_before;

static void
fixture_start(void)
{
	embed_presence(true);
	embed_reset();
	fds_before = fds_open();
	for (int i = 0; i < 4; i++)
		live_before[i] = arena_live(arenas[i]);
	kq = -1;
	if (tcase_face != PLX_FACE_MAX)
		kq = set_open(tcase_face, &set);
	atomic_store(&embed.ctl_n, 0);
	atomic_store(&embed.maps_n, 0);
}

static void
fixture_end(void)
{
	embed_reset();
	if (kq >= 0)
		set_close(kq, set);
	for (int i = 0; i < 4; i++)
		ck_assert_msg(arena_live(arenas[i]) == live_before[i],
		    "%u %s before the test, %u after", live_before[i],
		    arena_names[i], arena_live(arenas[i]));
	ck_assert_int_eq(fds_open(), fds_before);
}

static void
face_epoll(void)
{
	tcase_face = PLX_FACE_EPOLL;
}

static void
face_devpoll(void)
{
	tcase_face = PLX_FACE_DEVPOLL;
}

static void
face_object(void)
{
	tcase_face = PLX_FACE_POLL_OBJECT;
}

static void
face_none(void)
{
	tcase_face = PLX_FACE_MAX;
}

static void
face_kqueue(void)
{
	tcase_face = PLX_FACE_KQUEUE;
}

TCase *
embed_tcase_face(Suite *suite, const char *name, enum plx_face face)
{
	static void (*const choose[])(void) = {
		[PLX_FACE_EPOLL] = face_epoll,
		[PLX_FACE_KQUEUE] = face_kqueue,
		[PLX_FACE_DEVPOLL] = face_devpoll,
		[PLX_FACE_POLL_OBJECT] = face_object,
		[PLX_FACE_MAX] = face_none,
	};
	TCase *tcase = tcase_create(name);

	tcase_add_unchecked_fixture(tcase, choose[face], NULL);
	tcase_add_checked_fixture(tcase, fixture_start, fixture_end);
	tcase_set_timeout(tcase, WATCHDOG_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}

TCase *
embed_tcase(Suite *suite, const char *name)
{
	return embed_tcase_face(suite, name, PLX_FACE_KQUEUE);
}
