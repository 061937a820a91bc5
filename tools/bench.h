/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what is measured by `pollux bench`, in a process of its own, which
 * may be preloaded.
 */
#ifndef PLX_TOOLS_BENCH_H
#define PLX_TOOLS_BENCH_H

#define PLX_BENCH_CALLS_MAX 8u

struct plx_bench_call {
	const char *name; /* NULL ends a list; at most PLX_BENCH_CALLS_MAX */
	void (*call)(void);
};

/*
 * plx_bench_measure - run each call many times and print "NAME NANOSECONDS" for
 * it on stdout: the median of short batches.
 */
void plx_bench_measure(const struct plx_bench_call *calls);

/*
 * The benchmarks: each makes what its calls need, measures them in this
 * process and cleans up. Return 0 or -Exxx.
 *
 * passthrough   select, poll, epoll and close.
 * kqueue        the same work by kqueue where libpollux.so.0 is preloaded, else
 *               by epoll.
 */
int plx_bench_passthrough(void);
int plx_bench_kqueue(void);

#endif
