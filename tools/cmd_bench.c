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

enum side {
	SIDE_BARE,
	SIDE_OFF,
	SIDE_LOG,
	SIDE_MAX
};

static const char *const side_names[SIDE_MAX] = {
	[SIDE_BARE] = "bare",
	[SIDE_OFF] = "off",
	[SIDE_LOG] = "log",
};

struct bench_run {
	const char *name;
	unsigned rounds;
	bool json;
	size_t calls_n;
	char call[PLX_BENCH_CALLS_MAX][32];
	double ns[PLX_BENCH_CALLS_MAX][SIDE_MAX][ROUNDS_MAX];
};

/* In the child. */
static int
become(const char *name, enum side side)
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
	if (side == SIDE_BARE) {
		execv(self, argv);
		return PLX_EXIT_FAILED;
	}
	if (side == SIDE_LOG) {
		if (plx_region_create(&launch.region_fd) == NULL)
			return PLX_EXIT_FAILED;
		plx_launch_option(&launch, "level", "log");
	}
	if (plx_launch_prepare(&launch) != 0)
		return PLX_EXIT_FAILED;
	return plx_launch_exec(&launch);
}

static void
take_line(struct bench_run *run, enum side side, unsigned round, size_t i,
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
measure(struct bench_run *run, enum side side, unsigned round)
{
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
		_exit(become(run->name, side));
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
	plx_note("the side \"%s\" failed", side_names[side]);
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
print_call(struct bench_run *run, size_t i)
{
	double ns[SIDE_MAX];
	json_t *object;

	for (unsigned side = 0; side < SIDE_MAX; side++)
		ns[side] = median(run->ns[i][side], run->rounds);
	if (!run->json) {
		printf("%-12s %9.1f ns %9.1f ns %+8.1f ns %9.1f ns %+8.1f ns\n",
		    run->call[i], ns[SIDE_BARE], ns[SIDE_OFF],
		    ns[SIDE_OFF] - ns[SIDE_BARE], ns[SIDE_LOG],
		    ns[SIDE_LOG] - ns[SIDE_BARE]);
		return;
	}
	object = json_pack("{si ss ss ss sf sf sf si}", "v", 1, "type", CMD,
	    "bench", run->name, "call", run->call[i], "bare_ns", ns[SIDE_BARE],
	    "off_ns", ns[SIDE_OFF], "log_ns", ns[SIDE_LOG], "rounds",
	    run->rounds);
	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(object);
}

static int
run_bench(struct bench_run *run)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		for (unsigned side = 0; side < SIDE_MAX; side++) {
			int code = measure(run, (enum side)side, round);

			if (code != 0)
				return code;
		}
	}
	if (!run->json)
		printf("%-12s %12s %12s %11s %12s %11s\n", run->name, "bare",
		    "off", "", "log", "");
	for (size_t i = 0; i < run->calls_n; i++)
		print_call(run, i);
	return PLX_EXIT_OK;
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
			free(run);
			return plx_bench_calls(options.value) == 0
			    ? PLX_EXIT_OK
			    : PLX_EXIT_FAILED;
		}
		if (key < 0 || take_option(run, key, options.value) < 0)
			goto done;
	}
	run->name = options.next < argc ? argv[options.next] : NULL;
	if (run->name == NULL || strcmp(run->name, "passthrough") != 0)
		plx_usage_error(CMD,
		    "which benchmark? pollux bench passthrough");
	else
		code = run_bench(run);
done:
	free(run);
	return code;
}
