/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <pollux.h>: what the library has besides the calls of other systems.
 */
#ifndef POLLUX_H
#define POLLUX_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; a release changes the minor number at least. */
#define POLLUX_VERSION_MAJOR 0
#define POLLUX_VERSION_MINOR 1
#define POLLUX_VERSION_PATCH 0

/* As one number that can be compared: 0.1.0 is 100, 1.2.3 is 10203. */
#define POLLUX_VERSION                                               \
	(POLLUX_VERSION_MAJOR * 10000 + POLLUX_VERSION_MINOR * 100 + \
	    POLLUX_VERSION_PATCH)

/*
 * pollux_version - the version of the library that is loaded.
 *
 * Returns its POLLUX_VERSION. Cannot fail; callable from anywhere, signal
 * handlers and constructors included.
 */
int pollux_version(void);

#ifdef __cplusplus
}
#endif

#endif
