/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries the note by which a Go program is known. */
__attribute__((section(".note.go.buildid"),
    used)) static const char go_build_id[] = "test";

int
main(void)
{
	return 0;
}
