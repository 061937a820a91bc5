/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - what the subcommands of the command line share: exit codes,
 * messages, and the parser of options.
 *
 * The command line never links the core. It starts programs with
 * libpollux.so.0 preloaded and reads the memory they share with it
 * (core/report_abi.h).
 */
#ifndef PLX_TOOLS_CLI_H
#define PLX_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>

#define PLX_VERSION "0.1.0"

/* Besides the program's own. 125 to 127 as in env(1). */
enum plx_exit {
	PLX_EXIT_OK = 0,
	PLX_EXIT_PROBLEM = 1, /* doctor: something is in the way */
	PLX_EXIT_USAGE = 2,
	PLX_EXIT_NO_PRELOAD = 3, /* doctor: this program cannot be preloaded */
	PLX_EXIT_FINDINGS = 86,
	PLX_EXIT_FAILED = 125,  /* pollux itself failed */
	PLX_EXIT_NO_EXEC = 126, /* found, but cannot be run */
	PLX_EXIT_NOT_FOUND = 127,
};

/* A subcommand. argv[0] is its name. */
struct plx_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* of `pollux help NAME`: whole text */
};

int plx_cmd_bench(int argc, char **argv);
int plx_cmd_check(int argc, char **argv);
int plx_cmd_doctor(int argc, char **argv);
int plx_cmd_explain(int argc, char **argv);
int plx_cmd_report(int argc, char **argv);
int plx_cmd_run(int argc, char **argv);

/* The text of `pollux --help`: at most 24 lines of 80 columns. */
extern const char plx_help_main[];
extern const char plx_help_bench[];
extern const char plx_help_check[];
extern const char plx_help_doctor[];
extern const char plx_help_explain[];
extern const char plx_help_report[];
extern const char plx_help_run[];

/* plx_note - one line on stderr, "pollux: " before it. */
void plx_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * plx_usage_error - one line on stderr that says what to do, "pollux CMD: "
 * before it (cmd may be NULL). Returns PLX_EXIT_USAGE.
 */
int plx_usage_error(const char *cmd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * plx_format - a new string, for the caller to free. Ends the program with
 * PLX_EXIT_FAILED when there is no memory.
 */
char *plx_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* plx_alloc - zeroed memory for n objects; ends the program like plx_format. */
void *plx_alloc(size_t n, size_t size);

/*
 * plx_suggest - the name that was probably meant.
 * names   ends with NULL. Returns one of them, or NULL when none is near.
 */
const char *plx_suggest(const char *word, const char *const *names);

/*
 * plx_color_choose - take "auto", "always" or "never"; false for others.
 * plx_color_on - whether to colour what goes to this descriptor: as chosen,
 * and with "auto" a terminal without NO_COLOR, or CLICOLOR_FORCE.
 */
bool plx_color_choose(const char *when);
bool plx_color_on(int fd);

enum plx_option_kind {
	PLX_OPTION_FLAG,
	PLX_OPTION_VALUE,    /* --name=VALUE or --name VALUE, -x VALUE */
	PLX_OPTION_OPTIONAL, /* --name or --name=VALUE */
};

struct plx_option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* or 0 */
	enum plx_option_kind kind;
	int key; /* > 0 */
};

/* Options of one command. The first word that is none, or --, ends them. */
struct plx_options {
	const char *cmd;
	const struct plx_option *table;
	char **argv;       /* ends with NULL */
	int next;          /* first word not yet taken */
	const char *value; /* of the option just returned, or NULL */
};

/*
 * plx_options_next - the key of the next option, 0 at the end of the options
 * (argv[next] is then the first operand), or -1 when it is not in the table or
 * its value is missing or unwanted; the message is out then.
 */
int plx_options_next(struct plx_options *options);

#endif
