/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.h - the memory that watched processes share with us.
 */
#ifndef PLX_TOOLS_REGION_H
#define PLX_TOOLS_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/report_abi.h"

/* The severities of findings, worst first. */
#define PLX_SEVERITIES "FEWPI"

/*
 * plx_region_create - a new one in anonymous memory.
 *
 * ret_fd   close-on-exec; the caller closes it.
 * Returns the mapping, or NULL with errno.
 */
struct plx_region *plx_region_create(int *ret_fd);

/*
 * plx_region_open - map a file that a process wrote with log_path=.
 *
 * Returns the mapping (private: the file never changes through it), or NULL
 * and why in ret_why, a constant string.
 */
struct plx_region *plx_region_open(const char *path, const char **ret_why);

void plx_region_close(struct plx_region *region);

/*
 * plx_region_processes, plx_region_findings - how many slots may be in use.
 * plx_region_process, plx_region_finding, plx_region_stack - one of them, or
 * NULL when it is not completely written (or the index is out of range: the
 * indices come from memory that a crashing program could write to).
 */
uint32_t plx_region_processes(const struct plx_region *region);
uint32_t plx_region_findings(const struct plx_region *region);
const struct plx_proc_slot *plx_region_process(const struct plx_region *region,
    uint32_t i);
const struct plx_finding *plx_region_finding(const struct plx_region *region,
    uint32_t i);
const struct plx_stack *plx_region_stack(const struct plx_region *region,
    uint32_t i);
const struct plx_module *plx_region_module(const struct plx_region *region,
    uint32_t i);

/* plx_region_process_of - the newest slot of a pid, or NULL. */
const struct plx_proc_slot *
plx_region_process_of(const struct plx_region *region, int32_t pid);

/* plx_calls - how often a process entered one API. */
uint64_t plx_calls(const struct plx_proc_slot *proc, enum plx_api api);

/* plx_api_name - libc's name of it ("?" when out of range). */
const char *plx_api_name(unsigned api);

/*
 * plx_unseen_name - a word for bit number `bit` of enum plx_unseen
 * ("raw-syscalls"), and a sentence; NULL past the last.
 */
const char *plx_unseen_name(unsigned bit);
const char *plx_unseen_text(unsigned bit);

#endif
