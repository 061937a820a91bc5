/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c - the table of keys and its parser, see options.h.
 */
#include "shim/options.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/sys.h"

#define VALUE_BYTES OPTIONS_PATH_BYTES
#define NUMBER_MAX  65535

/* A word and what it stands for. */
struct option_word {
	const char *word;
	int value;
};

struct option_key {
	const char *name;
	const struct option_word *words; /* NULL: parse does it */
	/* Returns false if the value makes no sense. */
	bool (*parse)(struct shim_options *options, const char *value);
	size_t offset; /* of an int, with words */
	const char *help;
};

static const struct option_word words_level[] = {
	{ "off", PLX_LEVEL_OFF },
	{ "log", PLX_LEVEL_LOG },
	{ "strict", PLX_LEVEL_STRICT },
	{ "abort", PLX_LEVEL_ABORT },
	{ NULL, 0 },
};
static const struct option_word words_truth[] = {
	{ "kernel", 0 },
	{ "engine", 1 },
	{ NULL, 0 },
};
static const struct option_word words_bool[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ NULL, 0 },
};
static const struct option_word words_data[] = {
	{ "none", 0 },
	{ "exact", 1 },
	{ NULL, 0 },
};

static bool parse_log(struct shim_options *options, const char *value);
static bool parse_log_path(struct shim_options *options, const char *value);
static bool parse_checks(struct shim_options *options, const char *value);

#define WITH_WORDS(field, list) \
	.words = (list), .offset = offsetof(struct shim_options, field)

static const struct option_key option_keys[] = {
	{ "level", WITH_WORDS(level, words_level),
	    .help = "off|log|strict|abort  what a check does (off)" },
	{ "truth", WITH_WORDS(engine, words_truth),
	    .help = "kernel|engine         who answers epoll, poll and select "
		    "(kernel)" },
	{ "log", .parse = parse_log,
	    .help = "fd:N                  an inherited descriptor of the "
		    "record (none)" },
	{ "log_path", .parse = parse_log_path,
	    .help = "FILE                  a file for the record (none)" },
	{ "follow", WITH_WORDS(follow, words_bool),
	    .help = "0|1                   carry all this over exec (0)" },
	{ "checks", .parse = parse_checks,
	    .help = "all,-PXNNN,...        checks that stay silent (all run)" },
	{ "stacks", WITH_WORDS(stacks, words_bool),
	    .help = "0|1                   record call stacks (1)" },
	{ "data", WITH_WORDS(data_exact, words_data),
	    .help = "exact|none            kqueue's byte counts (exact)" },
	{ "help", WITH_WORDS(help, words_bool),
	    .help = "0|1                   print this list (0)" },
};

#define OPTION_KEYS_N (sizeof(option_keys) / sizeof(option_keys[0]))

static void
say(const char *a, const char *b, const char *c)
{
	char line[VALUE_BYTES];
	const char *parts[] = { a, b, c, "\n" };
	size_t at = 0;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t bytes = strlen(parts[i]);

		if (bytes > sizeof(line) - at)
			bytes = sizeof(line) - at;
		memcpy(line + at, parts[i], bytes);
		at += bytes;
	}
	plx_sys_write(STDERR_FILENO, line, at);
}

void
options_help(void)
{
	size_t i;

	say("POLLUX_OPTIONS=key=value:key=value", "", "");
	for (i = 0; i < OPTION_KEYS_N; i++) {
		static const char pad[] = "            ";
		size_t bytes = strlen(option_keys[i].name);
		char name[sizeof(pad)];

		memcpy(name, pad, sizeof(pad));
		memcpy(name + 2, option_keys[i].name, bytes);
		name[2 + bytes] = '=';
		say(name, option_keys[i].help, "");
	}
}

/* A decimal number up to max that ends at end; -1: it is none. */
static int
number(const char *text, const char *end, int max)
{
	int value = 0;

	if (text == end)
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text - '0');
		if (value > max)
			return -1;
	}
	return value;
}

static bool
parse_log(struct shim_options *options, const char *value)
{
	static const char prefix[] = "fd:";

	if (strncmp(value, prefix, strlen(prefix)) != 0)
		return false;
	options->log_fd = number(value + strlen(prefix), value + strlen(value),
	    1 << 20);
	return options->log_fd >= 0;
}

static bool
parse_log_path(struct shim_options *options, const char *value)
{
	if (value[0] == '\0')
		return false;
	memcpy(options->log_path, value, strlen(value) + 1);
	return true;
}

/* One item: "all", or "-PX105" or "-105". */
static bool
check_item(struct shim_options *options, const char *item, size_t len_bytes)
{
	const char *end = item + len_bytes;
	struct plx_check_options *checks = &options->checks;
	int id;

	if (len_bytes == 3 && strncmp(item, "all", 3) == 0) {
		checks->off_n = 0;
		return true;
	}
	if (*item++ != '-' || checks->off_n == PLX_CHECK_OFF_MAX)
		return false;
	if (strncmp(item, "PX", 2) == 0)
		item += 2;
	id = number(item, end, NUMBER_MAX);
	if (id < 0)
		return false;
	checks->off[checks->off_n++] = (uint16_t)id;
	return true;
}

static bool
parse_checks(struct shim_options *options, const char *value)
{
	bool good = true;

	while (*value != '\0') {
		size_t bytes = strcspn(value, ",");

		if (bytes > 0)
			good = check_item(options, value, bytes) && good;
		value += bytes;
		value += *value != '\0';
	}
	return good;
}

static bool
parse_word(struct shim_options *options, const struct option_key *key,
    const char *value)
{
	const struct option_word *word;

	for (word = key->words; word->word != NULL; word++) {
		if (strcmp(word->word, value) != 0)
			continue;
		memcpy((char *)options + key->offset, &word->value,
		    sizeof(word->value));
		return true;
	}
	return false;
}

static void
option_apply(struct shim_options *options, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < OPTION_KEYS_N; i++) {
		const struct option_key *key = &option_keys[i];

		if (strcmp(key->name, name) != 0)
			continue;
		if (!(key->words != NULL ? parse_word(options, key, value)
					 : key->parse(options, value)))
			say("pollux: POLLUX_OPTIONS: no such value, ignored: ",
			    name, "");
		return;
	}
	say("pollux: POLLUX_OPTIONS: no such key, ignored: ", name, "");
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that %XX at from stands for, or -1. */
static int
escape_value(const char *from)
{
	int high;
	int low;

	if (from[0] != '%')
		return -1;
	high = hex_digit(from[1]);
	low = high < 0 ? -1 : hex_digit(from[2]);
	return low < 0 ? -1 : high * 16 + low;
}

/* Copies up to the end of the value, decoding; returns where it ended. */
static const char *
value_take(char *to, size_t room_bytes, const char *from)
{
	size_t n = 0;

	while (*from != '\0') {
		int escaped = escape_value(from);

		/* The one value with a colon of its own: "fd:3". */
		if (*from == ':' &&
		    !(n == 2 && strncmp(to, "fd", 2) == 0 && from[1] >= '0' &&
			from[1] <= '9'))
			break;
		if (n + 1 < room_bytes) {
			to[n] = *from;
			if (escaped >= 0)
				to[n] = (char)escaped;
			n++;
		}
		from += escaped < 0 ? 1 : 3;
	}
	to[n] = '\0';
	return from;
}

static void
options_default(struct shim_options *options)
{
	memset(options, 0, sizeof(*options));
	options->log_fd = -1;
	options->stacks = 1;
	options->data_exact = 1;
}

void
options_parse(struct shim_options *ret_options, const char *text)
{
	char name[32];
	char value[VALUE_BYTES];

	options_default(ret_options);
	while (*text != '\0') {
		size_t bytes = strcspn(text, "=:");
		size_t kept = bytes < sizeof(name) ? bytes : sizeof(name) - 1;

		memcpy(name, text, kept);
		name[kept] = '\0';
		text += bytes;
		value[0] = '\0';
		if (*text == '=')
			text = value_take(value, sizeof(value), text + 1);
		if (kept > 0)
			option_apply(ret_options, name, value);
		text += *text != '\0';
	}
}
