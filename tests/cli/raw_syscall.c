/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a system call without libc: `pollux doctor` must see that it does. */
#include <sys/syscall.h>

static long
raw_close(int fd)
{
	long ret_code;

	__asm__ volatile("syscall"
			 : "=a"(ret_code)
			 : "a"(SYS_close), "D"((long)fd)
			 : "rcx", "r11", "memory");
	return ret_code;
}

int
main(void)
{
	return raw_close(-1) == 0;
}
