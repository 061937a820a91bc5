/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - which loaded object an address belongs to, as an index into the
 * region's table of modules.
 *
 * Thread-safe, lock-free, async-signal-safe: _dl_find_object and a table of
 * our own that is only ever added to.
 */
#ifndef PLX_CORE_MODULE_H
#define PLX_CORE_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/report_abi.h"

/*
 * plx_module_is_ours - the address lies in the shared object that Pollux is.
 * False for all when Pollux is linked into the executable itself (tests).
 */
bool plx_module_is_ours(uintptr_t pc);

/*
 * plx_module_find - ret_frame: module and offset of pc, interned in region;
 * PLX_NO_MODULE with the absolute address when it belongs to none or the table
 * is full.
 */
void plx_module_find(struct plx_region *region, uintptr_t pc,
    struct plx_frame *ret_frame);

#endif
