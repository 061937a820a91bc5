/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - the command line: finds the subcommand and hands over.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli.h"

static const struct plx_command commands[] = {
	{ "run", plx_cmd_run, plx_help_run },
	{ "check", plx_cmd_check, plx_help_check },
	{ "report", plx_cmd_report, plx_help_report },
	{ "explain", plx_cmd_explain, plx_help_explain },
	{ "doctor", plx_cmd_doctor, plx_help_doctor },
	{ "bench", plx_cmd_bench, plx_help_bench },
};

#define COMMANDS_N (sizeof(commands) / sizeof(commands[0]))

static const struct plx_command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_N; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int
unknown_command(const char *word)
{
	const char *names[COMMANDS_N + 2];
	const char *near;
	size_t n = 0;

	for (; n < COMMANDS_N; n++)
		names[n] = commands[n].name;
	names[n++] = "help";
	names[n] = NULL;
	near = plx_suggest(word, names);
	if (near != NULL)
		return plx_usage_error(NULL,
		    "unknown command `%s` (did you mean `%s`?)", word, near);
	if (strchr(word, '/') != NULL)
		return plx_usage_error(NULL,
		    "unknown command `%s` (did you mean `pollux check -- %s`?)",
		    word, word);
	return plx_usage_error(NULL,
	    "unknown command `%s`; `pollux --help` lists them", word);
}

static int
help(const char *name)
{
	const struct plx_command *command;

	if (name == NULL) {
		fputs(plx_help_main, stdout);
		return PLX_EXIT_OK;
	}
	command = find(name);
	if (command == NULL)
		return unknown_command(name);
	fputs(command->help, stdout);
	return PLX_EXIT_OK;
}

/* What stands where a command is expected and is none. */
static int
global_option(const char *word)
{
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		return help(NULL);
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		puts("pollux " PLX_VERSION);
		return PLX_EXIT_OK;
	}
	return plx_usage_error(NULL,
	    "unknown option %s; the command comes first: "
	    "pollux check [OPTION...] -- PROGRAM",
	    word);
}

static int
run(int argc, char **argv)
{
	const struct plx_command *command;

	if (argc < 2)
		return plx_usage_error(NULL,
		    "which command? `pollux --help` lists them");
	if (argv[1][0] == '-')
		return global_option(argv[1]);
	if (strcmp(argv[1], "help") == 0)
		return help(argv[2]);
	command = find(argv[1]);
	if (command == NULL)
		return unknown_command(argv[1]);
	if (argc == 3 &&
	    (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))
		return help(argv[1]);
	return command->run(argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	int code;

	/* File names are shown as they are; numbers never follow a locale. */
	setlocale(LC_CTYPE, "");
	code = run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == PLX_EXIT_OK) {
		plx_note("cannot write to standard output: %s",
		    strerror(errno));
		return PLX_EXIT_FAILED;
	}
	return code;
}
