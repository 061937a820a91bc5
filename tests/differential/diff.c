/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame of the differential programs: choosing a case, and writing lines.
 *
 * usage: PROGRAM --list      the names of all cases
 *        PROGRAM NAME        run one case; the transcript goes to stdout
 *
 * The first line starts with '#': it says whether the shared object is mapped
 * and is for the runner, which compares the others.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LINE_BYTES 4096
#define FILL_BYTE  0xa5

static struct diff_case *first_case;

void
diff_register(struct diff_case *item)
{
	item->next = first_case;
	first_case = item;
}

static void
write_all(int fd, const char *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(97);
		data += n;
		bytes -= (size_t)n;
	}
}

void
diff_say(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list list;
	int saved = errno;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		n = (int)sizeof(line) - 2;
	line[n] = '\n';
	write_all(STDOUT_FILENO, line, (size_t)n + 1);
	errno = saved;
}

static const char *
error_name(int error)
{
	const char *name = strerrorname_np(error);

	return name == NULL ? "?" : name;
}

long
diff_result(const char *text, long result)
{
	int error = errno;

	if (result == -1)
		diff_say("%s = -1 %s", text, error_name(error));
	else if (error != DIFF_ERRNO)
		diff_say("%s = %ld, errno became %s", text, result,
		    error_name(error));
	else
		diff_say("%s = %ld", text, result);
	errno = error;
	return result;
}

long
diff_must(const char *text, long result)
{
	if (result == -1) {
		diff_say("%s = -1 %s: cannot go on", text, error_name(errno));
		_exit(96);
	}
	return result;
}

void
bits_clear(struct bits *set)
{
	memset(set, 0, sizeof(*set));
}

void
bits_add(struct bits *set, int fd)
{
	set->word[fd / 64] |= 1UL << (fd % 64);
}

fd_set *
bits_fds(struct bits *set)
{
	return (fd_set *)(void *)set->word;
}

static int
bits_has(const struct bits *set, int fd)
{
	return fd < BITS_WORDS * 64 && (set->word[fd / 64] >> (fd % 64) & 1);
}

/* Members as ranges: " 3 5-9". */
void
diff_say_bits(const char *name, const struct bits *set)
{
	char line[LINE_BYTES];
	size_t used = 0;

	line[0] = '\0';
	for (int fd = 0; fd < BITS_WORDS * 64; fd++) {
		int from = fd;

		if (!bits_has(set, fd))
			continue;
		while (bits_has(set, fd + 1))
			fd++;
		if (used > sizeof(line) - 32)
			break;
		used += (size_t)sprintf(line + used,
		    from == fd ? " %d" : " %d-%d", from, fd);
	}
	diff_say("  %s:%s", name, line);
}

void
diff_say_pollfds(const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		diff_say("  [%zu] fd %d events %#x revents %#x", i, fds[i].fd,
		    (unsigned short)fds[i].events,
		    (unsigned short)fds[i].revents);
}

void
diff_fill_events(struct epoll_event *events, size_t count)
{
	memset(events, FILL_BYTE, count * sizeof(*events));
}

void
diff_say_events(const struct epoll_event *events, long n, size_t count)
{
	const unsigned char *bytes = (const void *)events;
	size_t start = n > 0 ? (size_t)n * sizeof(*events) : 0;

	for (long i = 0; i < n; i++)
		diff_say("  [%ld] events %#x data %#llx", i,
		    (unsigned)events[i].events,
		    (unsigned long long)events[i].data.u64);
	for (size_t i = start; i < count * sizeof(*events); i++) {
		if (bytes[i] != FILL_BYTE) {
			diff_say("  byte %zu behind them is %#x", i, bytes[i]);
			return;
		}
	}
}

void
diff_say_timeval(const struct timeval *rest, long asked_us)
{
	long us = rest->tv_sec * 1000000L + rest->tv_usec;

	if (us == 0)
		diff_say("  rest: none");
	else if (us == asked_us)
		diff_say("  rest: all, as %ld s %ld us", (long)rest->tv_sec,
		    (long)rest->tv_usec);
	else if (us > 0 && us < asked_us && rest->tv_usec < 1000000)
		diff_say("  rest: part, in good form");
	else
		diff_say("  rest: %ld s %ld us", (long)rest->tv_sec,
		    (long)rest->tv_usec);
}

void
diff_say_timespec(const struct timespec *value)
{
	diff_say("  timespec: %ld s %ld ns", (long)value->tv_sec,
	    value->tv_nsec);
}

int64_t
diff_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
diff_say_elapsed(int64_t start_us, int64_t least_us)
{
	int64_t us = diff_now_us() - start_us;

	if (us < least_us)
		diff_say("  too early by %lld us", (long long)(least_us - us));
	else if (us > least_us + DIFF_LONG_MS * 1000LL)
		diff_say("  far too late");
	else
		diff_say("  in time");
}

/* Whether the object is mapped: the proof of each side, for the runner. */
static void
say_side(void)
{
	static char maps[1 << 17];
	size_t used = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)n;
	(void)close(fd);
	maps[used] = '\0';
	diff_say("#side %s",
	    strstr(maps, "libpollux.so") == NULL ? "native" : "pollux");
}

static void
list_cases(void)
{
	for (struct diff_case *item = first_case; item; item = item->next)
		if (strncmp(item->name, "part_", 5) != 0)
			diff_say("%s", item->name);
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		list_cases();
		return 0;
	}
	QUIET(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 1024;
	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	QUIET(sigaction(SIGPIPE, &ignore, NULL));
	for (struct diff_case *item = first_case; item; item = item->next) {
		if (argc != 2 || strcmp(item->name, argv[1]) != 0)
			continue;
		if (strncmp(item->name, "part_", 5) != 0)
			say_side();
		item->run();
		return 0;
	}
	(void)fprintf(stderr, "usage: %s --list | NAME\n", argv[0]);
	return 2;
}
