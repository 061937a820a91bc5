/* SPDX-License-Identifier: BSD-2-Clause */
int plx_placeholder(void);

int
plx_placeholder(void)
{
	return 0;
}
