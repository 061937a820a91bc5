/* SPDX-License-Identifier: BSD-2-Clause */
/* A shared object that does nothing: preloaded, but never attached. */
extern const int plx_test_empty;
__attribute__((visibility("default"))) const int plx_test_empty = 1;
