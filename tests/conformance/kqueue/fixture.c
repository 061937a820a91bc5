/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conformance/kqueue/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWNED_MAX 1024
/* No test takes nearly as long; sanitizers slow down the largest ones. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define WATCHDOG_S 30
#else
#define WATCHDOG_S 5
#endif

int kq = -1;
struct kevent ev[EVS];

static int owned[OWNED_MAX];
static int n_owned;
static int fds_before;
static char path[PATH_MAX];
static char dir_path[PATH_MAX / 2];

int
own(int fd)
{
	ck_assert_msg(fd >= 0, "no descriptor: %s", strerror(errno));
	ck_assert_int_lt(n_owned, OWNED_MAX);
	owned[n_owned++] = fd;
	return fd;
}

int
disown(int fd)
{
	for (int i = 0; i < n_owned; i++) {
		if (owned[i] == fd) {
			owned[i] = owned[--n_owned];
			return fd;
		}
	}
	ck_abort_msg("descriptor %d is not owned", fd);
}

void
drop(int fd)
{
	ck_assert_int_eq(close(disown(fd)), 0);
}

int
open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n - 1;
}

static struct timespec
timespec_of(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};
}

static int
result_of(int r)
{
	return r < 0 ? -errno : r;
}

int
kq_change(int queue, uintptr_t ident, int filter, unsigned int flags,
    unsigned int fflags, int64_t data, void *udata)
{
	struct kevent change;

	EV_SET(&change, ident, filter, flags, fflags, data, udata);
	return result_of(kevent(queue, &change, 1, NULL, 0, NULL));
}

int
kq_op(int queue, uintptr_t ident, int filter, unsigned int flags)
{
	return kq_change(queue, ident, filter, flags, 0, 0, NULL);
}

int
kq_wait_ms(int queue, struct kevent *events, int nevents, int64_t ms)
{
	struct timespec timeout = timespec_of(ms * MS);

	return result_of(kevent(queue, NULL, 0, events, nevents, &timeout));
}

int
kq_poll(int queue, struct kevent *events, int nevents)
{
	return kq_wait_ms(queue, events, nevents, 0);
}

int
kq_wait(int queue, struct kevent *events, int nevents)
{
	return kq_wait_ms(queue, events, nevents, PATIENCE_MS);
}

int
kq_trigger(int queue, uintptr_t ident)
{
	return kq_change(queue, ident, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
}

int64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/*
 * The library opens what the whole process shares when a feature first needs
 * it. Use each feature once, so that the count of a test is the test's.
 */
static void
warm_up(void)
{
	int queue = kqueue();
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct kevent change[3];
	struct timespec zero = { 0, 0 };

	EV_SET(&change[0], 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL);
	EV_SET(&change[1], 1, EVFILT_TIMER, EV_ADD, 0, 1, NULL);
	EV_SET(&change[2], file, EVFILT_READ, EV_ADD, 0, 0, NULL);
	for (int i = 0; i < 3; i++)
		(void)kevent(queue, &change[i], 1, NULL, 0, NULL);
	(void)kevent(queue, NULL, 0, ev, EVS, &zero);
	close(queue);
	close(file);
}

/* --- KQ_COMPANY: three threads that are busy with a queue of their own --- */

static int company_queue = -1;
static pthread_t company[3];

/* From now on others may look at it; a timer of it costs a descriptor then. */
static void
look_at(int queue)
{
	(void)poll(&(struct pollfd){ .fd = queue, .events = POLLIN }, 1, 0);
}

static void *
company_main(void *arg)
{
	struct kevent got;

	(void)arg;
	/* A timer, and in the end the user event 0, which stays. */
	while (kevent(company_queue, NULL, 0, &got, 1, NULL) == 1 &&
	    got.filter != EVFILT_USER)
		(void)kq_op(company_queue, 1, EVFILT_USER, EV_ADD | EV_DISABLE);
	return NULL;
}

static void
company_start(void)
{
	sigset_t all, before;

	if (getenv("KQ_COMPANY") == NULL)
		return;
	company_queue = kqueue();
	assert_ok(kq_op(company_queue, 0, EVFILT_USER, EV_ADD));
	assert_ok(kq_change(company_queue, 1, EVFILT_TIMER, EV_ADD,
	    NOTE_USECONDS, 500, NULL));
	look_at(company_queue);
	/* The test's signals are for the test's threads. */
	sigfillset(&all);
	assert_ok(pthread_sigmask(SIG_BLOCK, &all, &before));
	for (int i = 0; i < 3; i++)
		assert_ok(
		    pthread_create(&company[i], NULL, company_main, NULL));
	assert_ok(pthread_sigmask(SIG_SETMASK, &before, NULL));
}

static void
company_stop(void)
{
	if (company_queue < 0)
		return;
	assert_ok(kq_trigger(company_queue, 0));
	for (int i = 0; i < 3; i++)
		assert_ok(pthread_join(company[i], NULL));
	close(company_queue);
	company_queue = -1;
}

static void
setup_cold(void)
{
	n_owned = 0;
	path[0] = '\0';
	dir_path[0] = '\0';
	memset(ev, 0, sizeof(ev));
	kq = -1;
	fds_before = open_fds();
	alarm(WATCHDOG_S);
}

static void
setup(void)
{
	warm_up();
	company_start();
	setup_cold();
	kq = kqueue();
	ck_assert_msg(kq >= 0, "kqueue: %s", strerror(errno));
	if (getenv("KQ_SEEN") != NULL)
		look_at(kq);
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static void
teardown(void)
{
	alarm(0);
	while (n_owned > 0)
		close(owned[--n_owned]);
	if (kq >= 0)
		close(kq);
	kq = -1;
	if (path[0] != '\0')
		unlink(path);
	if (dir_path[0] != '\0')
		nftw(dir_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	/* A library that does not see close(2) keeps what it had for kq. */
	if (getenv("KQ_BLIND") == NULL)
		ck_assert_int_eq(open_fds(), fds_before);
	company_stop();
}

static TCase *
tcase(Suite *suite, const char *name, SFun before)
{
	TCase *c = tcase_create(name);

	tcase_add_checked_fixture(c, before, teardown);
	tcase_set_timeout(c, WATCHDOG_S);
	tcase_set_tags(c, name);
	suite_add_tcase(suite, c);
	return c;
}

TCase *
kq_tcase(Suite *suite, const char *name)
{
	return tcase(suite, name, setup);
}

TCase *
kq_tcase_cold(Suite *suite, const char *name)
{
	return tcase(suite, name, setup_cold);
}

void
make_pair(int fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     fds),
	    0);
	own(fds[0]);
	own(fds[1]);
}

void
make_pipe(int fds[2])
{
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	own(fds[0]);
	own(fds[1]);
}

int
make_file(const char *content)
{
	const char *dir = getenv("TEST_TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/kqXXXXXX", dir != NULL ? dir : "/tmp");
	fd = own(mkostemp(path, O_CLOEXEC));
	ck_assert_int_eq(pwrite(fd, content, strlen(content), 0),
	    (ssize_t)strlen(content));
	return fd;
}

const char *
file_path(void)
{
	return path;
}

const char *
make_dir(void)
{
	const char *dir = getenv("TEST_TMPDIR");

	snprintf(dir_path, sizeof(dir_path), "%s/kqdXXXXXX",
	    dir != NULL ? dir : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir_path));
	return dir_path;
}

const char *
in_dir(const char *name)
{
	static char names[8][PATH_MAX];
	static unsigned int next;
	char *at = names[next++ % 8];

	snprintf(at, PATH_MAX, "%s/%s", dir_path, name);
	return at;
}

int
make_in_dir(const char *name)
{
	return own(
	    open(in_dir(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

int
make_listener(int domain, int backlog)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)domain };
	socklen_t len = sizeof(struct sockaddr_in);
	int fd = own(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (domain == AF_INET6) {
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
		len = sizeof(struct sockaddr_in6);
	} else if (domain == AF_INET) {
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(
		    INADDR_LOOPBACK);
	} else {
		/* No name: the kernel chooses an abstract one. */
		len = sizeof(sa_family_t);
	}
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

int
connect_to(int listener)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd;

	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address,
			     &len),
	    0);
	fd = own(socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
	ck_assert_msg(connect(fd, (struct sockaddr *)&address, len) == 0,
	    "connect: %s", strerror(errno));
	return fd;
}

void
make_tcp_pair(int fds[2])
{
	int listener = make_listener(AF_INET, 4);

	fds[0] = connect_to(listener);
	fds[1] = own(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	drop(listener);
}

void
put(int fd, size_t n)
{
	static const char bytes[4096];

	while (n > 0) {
		size_t want = n < sizeof(bytes) ? n : sizeof(bytes);
		ssize_t r = write(fd, bytes, want);

		ck_assert_msg(r > 0, "write: %s", strerror(errno));
		n -= (size_t)r;
	}
}

void
take(int fd, size_t n)
{
	char bytes[4096];

	while (n > 0) {
		size_t want = n < sizeof(bytes) ? n : sizeof(bytes);
		ssize_t r = read(fd, bytes, want);

		ck_assert_msg(r > 0, "read: %zd %s", r, strerror(errno));
		n -= (size_t)r;
	}
}

size_t
fill(int fd)
{
	static const char bytes[4096];
	size_t n = 0;
	ssize_t r;

	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	/* Whole pages first, then what still fits. */
	for (size_t want = sizeof(bytes); want > 0; want /= 2) {
		while ((r = write(fd, bytes, want)) > 0)
			n += (size_t)r;
	}
	return n;
}

size_t
drain(int fd)
{
	char bytes[4096];
	size_t n = 0;
	ssize_t r;

	while ((r = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		n += (size_t)r;
	return n;
}

int
in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(fn(arg));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
skip(const char *why)
{
	fprintf(stderr, "SKIP: %s\n", why);
}
