/* SPDX-License-Identifier: BSD-2-Clause */
int plx_placeholder(void);
__attribute__((visibility("default"))) int pollux_devpoll_open(int flags);

int
pollux_devpoll_open(int flags)
{
	return plx_placeholder() + flags;
}
