/* SPDX-License-Identifier: BSD-2-Clause */
#include <pollux.h>

__attribute__((visibility("default"))) int
pollux_version(void)
{
	return POLLUX_VERSION;
}
