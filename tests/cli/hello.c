/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that needs nothing; linked statically, or with another loader. */
int
main(void)
{
	return 0;
}
