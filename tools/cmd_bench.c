/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_bench.c - pollux bench: starts itself bare and preloaded in turns, so
 * that what the machine does meanwhile hits all sides, and compares medians.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench.h"
#include "tools/cli.h"
#include "tools/launch.h"
#include "tools/region.h"

#define CMD        "bench"
#define ROUNDS_MAX 101u

enum bench_key {
	KEY_ROUNDS = 1,
	KEY_JSON,
	KEY_CHILD
};

static const struct plx_option bench_options[] = {
	{ "rounds", 0, PLX_OPTION_VALUE, KEY_ROUNDS },
	{ "json", 0, PLX_OPTION_FLAG, KEY_JSON },
	/* Not in the help: the measured side. */
	{ "child", 0, PLX_OPTION_VALUE, KEY_CHILD },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

/* How a side is started. */
enum side_kind {
	SIDE_BARE,
	SIDE_PRELOADED,
	SIDE_CHECKED, /* preloaded, level=log */
};

#define SIDES_MAX 3u

struct side {
	const char *name; /* NULL ends a list */
	enum side_kind kind;
};

/* Differences are to the first side. */
static const struct bench {
	const char *name;
	int (*run)(void);
	struct side side[SIDES_MAX + 1];
} benches[] = {
	{ "passthrough", plx_bench_passthrough,
	    { { "bare", SIDE_BARE }, { "off", SIDE_PRELOADED },
		{ "log", SIDE_CHECKED }, { NULL, SIDE_BARE } } },
	{ "kqueue", plx_bench_kqueue,
	    { { "epoll", SIDE_BARE }, { "kqueue", SIDE_PRELOADED },
		{ NULL, SIDE_BARE } } },
};

#define BENCHES_N (sizeof(benches) / sizeof(benches[0]))

struct bench_run {
	const struct bench *bench;
	unsigned rounds;
	bool json;
	size_t calls_n;
	char call[PLX_BENCH_CALLS_MAX][32];
	double ns[PLX_BENCH_CALLS_MAX][SIDES_MAX][ROUNDS_MAX];
};

static const struct bench *
find_bench(const char *name)
{
	for (size_t i = 0; name != NULL && i < BENCHES_N; i++) {
		if (strcmp(benches[i].name, name) == 0)
			return &benches[i];
	}
	return NULL;
}

/* In the child. */
static int
become(const char *name, enum side_kind kind)
{
	static char self[] = "/proc/self/exe";
	static char command[] = CMD;
	char *child = plx_format("--child=%s", name);
	char *argv[] = { self, command, child, NULL };
	struct plx_launch launch = { .cmd = CMD,
		.argv = argv,
		.region_fd = -1 };

	unsetenv("POLLUX_OPTIONS");
	unsetenv("LD_PRELOAD");
	if (kind == SIDE_BARE) {
		execv(self, argv);
		return PLX_EXIT_FAILED;
	}
	if (kind == SIDE_CHECKED) {
		if (plx_region_create(&launch.region_fd) == NULL)
			return PLX_EXIT_FAILED;
		plx_launch_option(&launch, "level", "log");
	}
	if (plx_launch_prepare(&launch) != 0)
		return PLX_EXIT_FAILED;
	return plx_launch_exec(&launch);
}

static void
take_line(struct bench_run *run, size_t side, unsigned round, size_t i,
    const char *line)
{
	size_t n = strcspn(line, " ");

	if (i >= PLX_BENCH_CALLS_MAX || line[n] == '\0' ||
	    n >= sizeof(run->call[i]))
		return;
	memcpy(run->call[i], line, n);
	run->call[i][n] = '\0';
	run->ns[i][side][round] = strtod(line + n, NULL);
	if (i >= run->calls_n)
		run->calls_n = i + 1;
}

static int
measure(struct bench_run *run, size_t side, unsigned round)
{
	const struct side *one = &run->bench->side[side];
	char line[128];
	int status = 0;
	size_t i = 0;
	FILE *lines;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		plx_note("cannot start: %s", strerror(errno));
		return PLX_EXIT_FAILED;
	}
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		_exit(become(run->bench->name, one->kind));
	}
	close(out[1]);
	lines = fdopen(out[0], "r");
	while (lines != NULL && fgets(line, sizeof(line), lines) != NULL)
		take_line(run, side, round, i++, line);
	if (lines != NULL)
		fclose(lines);
	(void)waitpid(pid, &status, 0);
	if (status == 0 && i != 0)
		return 0;
	plx_note("the side \"%s\" failed", one->name);
	return PLX_EXIT_FAILED;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void
print_text(const struct bench_run *run, size_t i, const double *ns)
{
	printf("%-12s %9.1f ns", run->call[i], ns[0]);
	for (size_t side = 1; run->bench->side[side].name != NULL; side++)
		printf("  %9.1f ns %+9.1f ns", ns[side], ns[side] - ns[0]);
	putchar('\n');
}

static void
print_json(const struct bench_run *run, size_t i, const double *ns)
{
	json_t *object = json_pack("{si ss ss ss si}", "v", 1, "type", CMD,
	    "bench", run->bench->name, "call", run->call[i], "rounds",
	    run->rounds);

	for (size_t side = 0; run->bench->side[side].name != NULL; side++) {
		char *name = plx_format("%s_ns", run->bench->side[side].name);

		(void)json_object_set_new(object, name, json_real(ns[side]));
		free(name);
	}
	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(object);
}

static void
print_call(struct bench_run *run, size_t i)
{
	double ns[SIDES_MAX];

	for (size_t side = 0; run->bench->side[side].name != NULL; side++)
		ns[side] = median(run->ns[i][side], run->rounds);
	if (run->json)
		print_json(run, i, ns);
	else
		print_text(run, i, ns);
}

static void
print_head(const struct bench *bench)
{
	printf("%-12s %12s", bench->name, bench->side[0].name);
	for (size_t side = 1; bench->side[side].name != NULL; side++)
		printf("  %12s %12s", bench->side[side].name, "");
	putchar('\n');
}

static int
run_bench(struct bench_run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		for (size_t side = 0; run->bench->side[side].name != NULL;
		     side++) {
			int code = measure(run, side, round);

			if (code != 0)
				return code;
		}
	}
	if (!run->json)
		print_head(run->bench);
	for (size_t i = 0; i < run->calls_n; i++)
		print_call(run, i);
	return PLX_EXIT_OK;
}

/* The measured side. */
static int
run_child(const char *name)
{
	const struct bench *bench = find_bench(name);

	return bench != NULL && bench->run() == 0 ? PLX_EXIT_OK
						  : PLX_EXIT_FAILED;
}

static int
take_option(struct bench_run *run, int key, const char *value)
{
	unsigned long n;

	if (key == KEY_JSON) {
		run->json = true;
		return 0;
	}
	n = strtoul(value, NULL, 10);
	if (n < 1 || n > ROUNDS_MAX) {
		plx_usage_error(CMD, "--rounds is a number, 1 to %u",
		    ROUNDS_MAX);
		return -1;
	}
	run->rounds = (unsigned)n;
	return 0;
}

int
plx_cmd_bench(int argc, char **argv)
{
	struct plx_options options = { CMD, bench_options, argv, 1, NULL };
	struct bench_run *run = plx_alloc(1, sizeof(*run));
	int code = PLX_EXIT_USAGE;
	int key;

	run->rounds = 11;
	while ((key = plx_options_next(&options)) != 0) {
		if (key == KEY_CHILD) {
			code = run_child(options.value);
			goto done;
		}
		if (key < 0 || take_option(run, key, options.value) < 0)
			goto done;
	}
	run->bench = find_bench(
	    options.next < argc ? argv[options.next] : NULL);
	if (run->bench == NULL)
		plx_usage_error(CMD,
		    "which benchmark? pollux bench "
		    "passthrough|kqueue");
	else
		code = run_bench(run);
done:
	free(run);
	return code;
}
