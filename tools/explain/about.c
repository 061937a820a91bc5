/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * about.c - finds the texts.
 */
#include "tools/explain/about.h"

static const struct plx_about *const groups[] = {
	plx_about_registration,
	plx_about_lifecycle,
	plx_about_select_poll,
	plx_about_kqueue,
};

const struct plx_about *
plx_about_at(size_t i)
{
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		for (const struct plx_about *a = groups[g]; a->id != 0; a++) {
			if (i-- == 0)
				return a;
		}
	}
	return NULL;
}

const struct plx_about *
plx_about_find(unsigned id)
{
	const struct plx_about *about;

	for (size_t i = 0; (about = plx_about_at(i)) != NULL; i++) {
		if (about->id == id)
			return about;
	}
	return NULL;
}

const char *
plx_about_title(const struct plx_about *about, unsigned variant)
{
	for (size_t i = 0; i < PLX_ABOUT_VARIANTS_MAX; i++) {
		const struct plx_about_variant *v = &about->variant[i];

		if (v->title != NULL && v->variant == variant)
			return v->title;
	}
	return about->title;
}
