/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.c - see exec.h.
 */
#include "shim/exec.h"
#include "shim/signal.h"

#include <stdint.h>
#include <string.h>

#include "core/sys.h"

#define OPTIONS_NAME "POLLUX_OPTIONS="
#define PRELOAD_NAME "LD_PRELOAD="
#define OURS_NAME    "libpollux.so"
#define LOG_FD_KEY   "log=fd:"
#define TEXT_BYTES   4096
/* Room for the number of the log: fixed, so that it can change in place. */
#define NUMBER_DIGITS 10
/* Two more entries and the end. */
#define ENV_SPARE 3

static bool exec_configured;
static bool exec_follow;
static char options_text[TEXT_BYTES];  /* "POLLUX_OPTIONS=..." or "" */
static char received_text[TEXT_BYTES]; /* the same as we got it, or "" */
static char preload_text[TEXT_BYTES]; /* "LD_PRELOAD=..." as we got it, or "" */
static char ours_text[TEXT_BYTES];    /* our own part of it, or "" */
static char *log_number;              /* in options_text, or NULL */

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* An element of LD_PRELOAD ends at a colon or a blank. */
static size_t
element_bytes(const char *list)
{
	return strcspn(list, ": ");
}

/* True if the element is this object, under whatever path. */
static bool
element_is_ours(const char *element, size_t len_bytes)
{
	const char *name = element;
	size_t i;

	for (i = 0; i < len_bytes; i++)
		if (element[i] == '/')
			name = element + i + 1;
	return len_bytes - (size_t)(name - element) >= strlen(OURS_NAME) &&
	    has_prefix(name, OURS_NAME);
}

/* Our element of a list, or NULL. */
static const char *
list_find_ours(const char *list, size_t *ret_bytes)
{
	while (*list != '\0') {
		size_t bytes = element_bytes(list);

		if (element_is_ours(list, bytes)) {
			*ret_bytes = bytes;
			return list;
		}
		list += bytes;
		list += *list != '\0';
	}
	return NULL;
}

/* The last log=fd: among the options, for a later key wins; NULL: none. */
static const char *
log_key_last(const char *options)
{
	const char *last = NULL;
	const char *at;

	for (at = options; (at = strstr(at, LOG_FD_KEY)) != NULL; at++)
		if (at == options || at[-1] == ':')
			last = at;
	return last;
}

/*
 * Copies "name" "value" with a number of fixed width in place of the digits
 * after log=fd:, so that a later number needs no more room.
 */
static void
options_copy(const char *options)
{
	const char *key = log_key_last(options);
	size_t head;
	size_t digits;
	size_t at = strlen(OPTIONS_NAME);

	if (at + strlen(options) + NUMBER_DIGITS + 1 > sizeof(options_text))
		return;
	memcpy(options_text, OPTIONS_NAME, at);
	if (key == NULL) {
		memcpy(options_text + at, options, strlen(options) + 1);
		return;
	}
	key += strlen(LOG_FD_KEY);
	head = (size_t)(key - options);
	digits = strspn(key, "0123456789");
	if (digits > NUMBER_DIGITS)
		digits = NUMBER_DIGITS;
	memcpy(options_text + at, options, head);
	log_number = options_text + at + head;
	memset(log_number, '0', NUMBER_DIGITS);
	memcpy(log_number + NUMBER_DIGITS - digits, key, digits);
	key += digits;
	memcpy(log_number + NUMBER_DIGITS, key, strlen(key) + 1);
}

static void
received_copy(const char *options)
{
	size_t at = strlen(OPTIONS_NAME);

	if (at + strlen(options) + 1 > sizeof(received_text))
		return;
	memcpy(received_text, OPTIONS_NAME, at);
	memcpy(received_text + at, options, strlen(options) + 1);
}

void
exec_configure(bool follow, const char *options, const char *preload)
{
	size_t bytes = 0;
	const char *ours;

	exec_configured = true;
	exec_follow = follow;
	options_copy(options);
	received_copy(options);
	if (preload == NULL ||
	    strlen(preload) + sizeof(PRELOAD_NAME) > sizeof(preload_text))
		return;
	ours = list_find_ours(preload, &bytes);
	if (ours == NULL)
		return;
	memcpy(ours_text, ours, bytes);
	memcpy(preload_text, PRELOAD_NAME, strlen(PRELOAD_NAME));
	memcpy(preload_text + strlen(PRELOAD_NAME), preload,
	    strlen(preload) + 1);
}

void
exec_set_log_fd(int fd)
{
	int i;

	if (log_number == NULL)
		return;
	/* No process has such a descriptor: the next program finds no log. */
	if (fd < 0) {
		memset(log_number, '9', NUMBER_DIGITS);
		return;
	}
	for (i = NUMBER_DIGITS - 1; i >= 0; i--, fd /= 10)
		log_number[i] = (char)('0' + fd % 10);
}

/* "LD_PRELOAD=ours:theirs" in env's own memory; theirs if that is too long. */
static char *
preload_join(struct exec_env *env, char *entry)
{
	const char *theirs = entry + strlen(PRELOAD_NAME);
	size_t ours_bytes = strlen(ours_text);
	size_t bytes = 0;
	char *to = env->preload;

	if (ours_bytes == 0 || list_find_ours(theirs, &bytes) != NULL ||
	    strlen(entry) + ours_bytes + 2 > sizeof(env->preload))
		return entry;
	memcpy(to, PRELOAD_NAME, strlen(PRELOAD_NAME));
	to += strlen(PRELOAD_NAME);
	memcpy(to, ours_text, ours_bytes);
	to += ours_bytes;
	if (*theirs != '\0')
		*to++ = ':';
	memcpy(to, theirs, strlen(theirs) + 1);
	return env->preload;
}

/* The list without us; NULL if nothing else is on it. */
static char *
preload_strip(struct exec_env *env, char *entry)
{
	const char *list = entry + strlen(PRELOAD_NAME);
	size_t bytes = 0;
	const char *ours = list_find_ours(list, &bytes);
	const char *rest;
	size_t head;

	if (ours == NULL || strlen(entry) + 1 > sizeof(env->preload))
		return entry;
	rest = ours + bytes;
	rest += *rest != '\0';
	head = (size_t)(ours - entry);
	if (*rest == '\0' && ours > list)
		head--; /* the separator before us */
	if (*rest == '\0' && ours == list)
		return NULL;
	memcpy(env->preload, entry, head);
	memcpy(env->preload + head, rest, strlen(rest) + 1);
	return env->preload;
}

/* Fills to with what envp becomes; returns the number of entries. */
static size_t
env_fill(struct exec_env *env, char **to, char *const envp[])
{
	bool had_options = false;
	bool had_preload = false;
	size_t n = 0;
	size_t i;

	for (i = 0; envp[i] != NULL; i++) {
		char *entry = envp[i];

		if (has_prefix(entry, OPTIONS_NAME)) {
			had_options = true;
			entry = exec_follow ? options_text : NULL;
		} else if (has_prefix(entry, PRELOAD_NAME)) {
			had_preload = true;
			entry = exec_follow ? preload_join(env, entry)
					    : preload_strip(env, entry);
		}
		if (entry != NULL)
			to[n++] = entry;
	}
	if (exec_follow && !had_options)
		to[n++] = options_text;
	if (exec_follow && !had_preload && preload_text[0] != '\0')
		to[n++] = preload_text;
	to[n] = NULL;
	return n;
}

/* Somebody has other orders for the next program: a launcher in a launcher. */
static bool
env_has_other_options(char *const envp[])
{
	for (; *envp != NULL; envp++)
		if (has_prefix(*envp, OPTIONS_NAME))
			return received_text[0] != '\0' &&
			    strcmp(*envp, received_text) != 0;
	return false;
}

void
exec_env_make(struct exec_env *env, char *const envp[])
{
	char **to = env->fixed;
	size_t n = 0;

	plx_signal_exec();
	env->map = NULL;
	env->envp = envp;
	/* A copy that did not fit follows nobody. */
	if (!exec_configured || envp == NULL ||
	    (exec_follow && options_text[0] == '\0') ||
	    env_has_other_options(envp))
		return;
	while (envp[n] != NULL)
		n++;
	if (n + ENV_SPARE > EXEC_ENV_FIXED) {
		env->map_bytes = (n + ENV_SPARE) * sizeof(*to);
		env->map = plx_sys_map(env->map_bytes);
		to = env->map;
	}
	if (to == NULL)
		return;
	(void)env_fill(env, to, envp);
	env->envp = to;
}

void
exec_env_drop(struct exec_env *env)
{
	if (env->map != NULL)
		plx_sys_unmap(env->map, env->map_bytes);
	env->map = NULL;
	plx_signal_exec_failed();
}
