/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what is measured by `pollux bench`, in a process of its own.
 */
#ifndef PLX_TOOLS_BENCH_H
#define PLX_TOOLS_BENCH_H

#define PLX_BENCH_CALLS_MAX 8u

/*
 * plx_bench_calls - run the calls of one benchmark in this process and print
 * "NAME NANOSECONDS" for each on stdout. Returns 0, or -EINVAL for a name that
 * is none.
 */
int plx_bench_calls(const char *name);

#endif
