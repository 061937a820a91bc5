/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * embed.h - the core without a face: what a test of it stands on.
 *
 * The table of blocking calls is filled with raw system calls, or with the
 * test's own fake. Some of core/sys.c is wrapped by the linker, so that a test
 * counts epoll_ctl calls, makes memory run out, and owns the clock.
 */
#ifndef PLX_TESTS_CORE_EMBED_H
#define PLX_TESTS_CORE_EMBED_H

#include <check.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/iset.h"
#include "core/iset_impl.h"

#define EMBED_GOT 4096
#define FOREVER   INT32_MAX
/* Longer than anything takes here, even instrumented on a busy machine. */
#define PATIENCE_NS (20 * PLX_NS_PER_S)

struct epoll_event;

/* What the test decides, and what it learns; reset for each test. */
struct embed {
	/* Instead of the raw call that sleeps; NULL: the raw call. */
	int (*sleep)(int epfd, struct epoll_event *ret_events, int events_max,
	    int64_t timeout_ns, const sigset_t *mask);
	_Atomic int64_t clock_ns;    /* 0: the kernel's; else what time it is */
	_Atomic int64_t wall_ns;     /* the same for the wall clock */
	_Atomic int maps_left;       /* so many more maps succeed, then none */
	_Atomic unsigned int maps_n; /* maps made */
	/* What the next ADD of epoll_ctl fails with; 0: as the kernel says. */
	_Atomic int ctl_fail;
	_Atomic unsigned int ctl_n;    /* epoll_ctl calls made */
	_Atomic unsigned int sleeps_n; /* blocking calls made */
};
extern struct embed embed;

/*
 * embed_tcase - a case with a fresh kqueue-like set in `kq` (its number) and
 * `set` (with a reference) for each test, and a watchdog of 30 s. After a test
 * the descriptors, sets, knotes, sources and timers must be as many as before.
 */
TCase *embed_tcase(Suite *suite, const char *name);
/* The same with another face's set, or with none (face PLX_FACE_MAX). */
TCase *embed_tcase_face(Suite *suite, const char *name, enum plx_face face);
extern int kq;
extern struct iset *set;

/* embed_presence - the tables believe that every close is seen, or that not. */
void embed_presence(bool interposed);

/* set_open, set_close - one more set; the reference goes with the number. */
int set_open(enum plx_face face, struct iset **ret_set);
void set_close(int fd, struct iset *other);

/* fd_close - what a program's close does: tell the core, then close. */
void fd_close(int fd);
/* fd_dup - what a program's dup does. */
int fd_dup(int fd);

/* reg - one change: .ident, .filter, .op and what else it has. */
#define reg(s, ...) iset_register((s), &(struct iset_spec){ __VA_ARGS__ })

/* What the last take() of this thread got. */
extern _Thread_local struct delivery got[EMBED_GOT];

/* take - what is there now, at most max: the count or -Exxx. */
int take(struct iset *from, int max);
/* take_within - the same, sleeping for at most ns for the first. */
int take_within(struct iset *from, int max, int64_t ns);

/* readable - what others see: poll(2) of the number, without us. */
bool readable(int fd);

/* fds_open - how many descriptors this process has. */
int fds_open(void);
/* kernel_items - how many members fdinfo names in the set behind fd. */
int kernel_items(int fd);
/* kernel_list - the text of fdinfo of that set: what the kernel was told. */
void kernel_list(int fd, char *text, size_t text_bytes);

/* arena_live - objects that are handed out now; one thread only. */
uint32_t arena_live(struct plx_arena *arena);
/* source_on - what the set watches on fd, or NULL. */
struct source *source_on(struct iset *of, int fd);

/*
 * snapshot - all that a failed call must leave as it was: the kernel's list, the
 * objects in use, the lists of the set and the knotes that spec is about.
 */
struct snapshot {
	char list[8192];
	uint32_t live[4];
	struct ready_list ready;
	uint32_t soft_n, hash_n, timers_n, dirty_n, files_n, orphans_n;
	struct knote knote[2];
	int fds;
};
void snapshot_take(struct iset *of, int of_fd, const struct iset_spec *spec,
    struct snapshot *ret);
/* snapshot_same - fails the test where something differs. */
void snapshot_same(const struct snapshot *a, const struct snapshot *b);

/* sleepers - until n threads sleep in the set's own epoll_wait. */
void sleepers_wait(struct iset *of, uint32_t n);

/* add_rows - a test for each row of a table; _i is the row. */
#define add_rows(tcase, test, table)        \
	tcase_add_loop_test(tcase, test, 0, \
	    (int)(sizeof(table) / sizeof((table)[0])))

/* rounds - PLX_TEST_ROUNDS of the environment, or what is given. */
int rounds(int usual);

#endif
