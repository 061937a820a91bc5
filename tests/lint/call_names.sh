#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: call_names.sh calls.def - prints the libc names that the shim exports.
sed -nE 's/^[[:space:]]*PLX_[A-Z0-9_]+\([^,]*,[[:space:]]*([A-Za-z_][A-Za-z0-9_]*).*/\1/p' "$1"
