/* SPDX-License-Identifier: BSD-2-Clause */
/* tick.c - kqueue on Linux: a pipe and a timer in one queue. */
#include <sys/event.h>

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	struct kevent change[2], event;
	char text[6] = "";
	int ends[2];
	int queue = kqueue();

	if (queue < 0 || pipe(ends) != 0)
		return 1;
	EV_SET(&change[0], ends[0], EVFILT_READ, EV_ADD, 0, 0, NULL);
	EV_SET(&change[1], 1, EVFILT_TIMER, EV_ADD, NOTE_MSECONDS, 50, NULL);
	if (kevent(queue, change, 2, NULL, 0, NULL) != 0)
		return 1;
	(void)write(ends[1], "hello", 5);
	for (int ticks = 0; ticks < 2;) {
		if (kevent(queue, NULL, 0, &event, 1, NULL) != 1)
			return 1;
		if (event.filter == EVFILT_TIMER) {
			printf("tick %d\n", ++ticks);
		} else {
			printf("%jd bytes to read\n", (intmax_t)event.data);
			(void)read(ends[0], text, 5);
		}
	}
	return 0;
}
