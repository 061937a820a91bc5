/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mask.h - what can be wanted of, and observed on, a readiness object.
 *
 * Core's own bits: no face's. Each face has one table that maps its bits to
 * these and back (design.md 2). The backend maps them to the kernel's.
 */
#ifndef PLX_CORE_MASK_H
#define PLX_CORE_MASK_H

#include <stdint.h>

typedef uint32_t plx_mask;

#define PLX_IN     UINT32_C(0x0001) /* data, a connection, end of file */
#define PLX_OUT    UINT32_C(0x0002) /* room to write */
#define PLX_PRI    UINT32_C(0x0004) /* exceptional condition */
#define PLX_RDNORM UINT32_C(0x0008)
#define PLX_RDBAND UINT32_C(0x0010)
#define PLX_WRNORM UINT32_C(0x0020)
#define PLX_WRBAND UINT32_C(0x0040)
#define PLX_MSG    UINT32_C(0x0080)
#define PLX_RDHUP  UINT32_C(0x0100) /* peer shut its writing half */
#define PLX_ERR    UINT32_C(0x0200) /* reported unasked */
#define PLX_HUP    UINT32_C(0x0400) /* reported unasked */
#define PLX_NVAL   UINT32_C(0x0800) /* the descriptor is not open */

/* How an interest fires; never reported. */
#define PLX_EDGE      UINT32_C(0x00010000)
#define PLX_ONESHOT   UINT32_C(0x00020000)
#define PLX_EXCLUSIVE UINT32_C(0x00040000)
#define PLX_WAKEUP    UINT32_C(0x00080000)
/* Bits of the face that core has no name for, kept for reports. */
#define PLX_UNKNOWN UINT32_C(0x80000000)

#define PLX_UNASKED   (PLX_ERR | PLX_HUP)
#define PLX_READINESS UINT32_C(0x0000ffff)

#endif
