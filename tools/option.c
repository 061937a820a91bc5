/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.c - options by table. getopt_long(3) would do but for its messages:
 * ours name the command and the option that was probably meant.
 */
#include "tools/cli.h"

#include <stdio.h>
#include <string.h>

#define OPTIONS_MAX 32u

static int
unknown(const struct plx_options *o, const char *word, size_t len)
{
	const char *names[OPTIONS_MAX + 1];
	const char *near;
	char *name = plx_format("%.*s", (int)len, word);
	size_t n = 0;

	for (const struct plx_option *t = o->table;
	     t->name != NULL && n < OPTIONS_MAX; t++)
		names[n++] = t->name;
	names[n] = NULL;
	near = plx_suggest(name, names);
	if (near != NULL)
		plx_usage_error(o->cmd,
		    "unknown option --%s (did you mean --%s?)", name, near);
	else
		plx_usage_error(o->cmd,
		    "unknown option --%s; see `pollux help %s`, and put -- "
		    "before the program",
		    name, o->cmd);
	return -1;
}

static int
take_value(struct plx_options *o, const struct plx_option *t, const char *shown)
{
	if (t->kind != PLX_OPTION_VALUE || o->value != NULL)
		return t->key;
	if (o->argv[o->next] == NULL) {
		plx_usage_error(o->cmd, "option %s needs a value", shown);
		return -1;
	}
	o->value = o->argv[o->next++];
	return t->key;
}

static int
next_long(struct plx_options *o, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct plx_option *t = o->table;

	while (t->name != NULL &&
	    (strlen(t->name) != len || memcmp(t->name, word, len) != 0))
		t++;
	if (t->name == NULL)
		return unknown(o, word, len);
	if (equals != NULL && t->kind == PLX_OPTION_FLAG) {
		plx_usage_error(o->cmd, "option --%s takes no value", t->name);
		return -1;
	}
	o->value = equals != NULL ? equals + 1 : NULL;
	return take_value(o, t, word - 2);
}

static int
next_short(struct plx_options *o, const char *word)
{
	const struct plx_option *t = o->table;

	while (t->name != NULL && t->letter != word[1])
		t++;
	if (t->name == NULL || (t->kind != PLX_OPTION_VALUE && word[2])) {
		plx_usage_error(o->cmd,
		    "unknown option %s; see `pollux help %s`", word, o->cmd);
		return -1;
	}
	o->value = word[2] != '\0' ? word + 2 : NULL;
	return take_value(o, t, word);
}

int
plx_options_next(struct plx_options *o)
{
	const char *word = o->argv[o->next];

	o->value = NULL;
	if (word == NULL || word[0] != '-' || word[1] == '\0')
		return 0;
	o->next++;
	if (strcmp(word, "--") == 0)
		return 0;
	return word[1] == '-' ? next_long(o, word + 2) : next_short(o, word);
}
