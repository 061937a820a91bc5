/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake.h - what programs of these tests may call when fake.c is preloaded.
 * All are weak: without it they are NULL, and the programs go on.
 */
#ifndef PLX_TESTS_CLI_FAKE_H
#define PLX_TESTS_CLI_FAKE_H

#include "core/report_abi.h"

/* One call of an API was seen. */
__attribute__((weak)) void fake_call(enum plx_api api);

/*
 * A finding with the caller's frames as two of its stacks: on descriptor 26,
 * called "socket:[4711]", of set 3, in epoll_ctl.
 */
__attribute__((weak)) void fake_finding(unsigned id, char severity,
    enum plx_confidence confidence);

/* In a child of fork: a slot of its own. */
__attribute__((weak)) void fake_adopt(void);

/* Something of this process was not seen: bits of enum plx_unseen. */
__attribute__((weak)) void fake_unseen(unsigned bits);

#endif
