#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The lints bite: each passes on a small clean tree or object and fails, for
# the reason it is for, on one with a single planted violation.
set -u

lints=$(dirname "$(readlink -f "$LINT_ROOT")")/tests/lint
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
licence='SPDX-License-Identifier: BSD-2-Clause'

for program in clang-format clang-tidy cppcheck shellcheck ctags gcc nm; do
	if ! command -v "$program" >/dev/null; then
		echo "SKIP: no $program here; tools/setup installs it"
		exit 77
	fi
done

# The clean tree.
tree_make() {
	local top=$work/tree

	rm -rf "$top"
	mkdir -p "$top/.ci" "$top/core" "$top/shim/include" "$top/tools" \
		"$top/tests"
	touch "$top/WORKSPACE"
	cp "$lints/../../.clang-format" "$lints/../../.clang-tidy" "$top"
	printf '/* %s */\n' "$licence" >"$top/core/one.h"
	printf '/* %s */\nint plx_one(int a);\n\nint\nplx_one(int a)\n{\n\treturn a + 1;\n}\n' \
		"$licence" >"$top/core/one.c"
	# shellcheck disable=SC2016 # a script's text
	printf '#!/bin/sh\n# %s\necho "$1"\n' "$licence" >"$top/tools/one.sh"
}

# verdict NAME WANT WORDS COMMAND ... - one run of a lint.
verdict() {
	local name=$1 want=$2 words=$3 got=pass log

	shift 3
	log=$("$@" 2>&1) || got=fail
	if [ "$got" != "$want" ] || ! grep -qE "$words" <<<"$log"; then
		echo "$name: wanted to see it $want, saying /$words/; it did $got:"
		echo "$log"
		status=1
	fi
}

# source_lint LINT WORDS FILE TEXT - TEXT, added to FILE, is the violation.
source_lint() {
	tree_make
	verdict "$1, clean" pass '' \
		env LINT_ROOT="$work/tree/WORKSPACE" "$lints/$1.sh"
	printf '%b' "$4" >>"$work/tree/$3"
	verdict "$1, planted" fail "$2" \
		env LINT_ROOT="$work/tree/WORKSPACE" "$lints/$1.sh"
}

long='\nint plx_two(int a);\n\nint\nplx_two(int a)\n{\n'
long+=$(printf '\\ta++;\\n%.0s' {1..70})'\treturn a;\n}\n'

source_lint format 'clang-format-violations' core/one.c 'int  plx_b;\n'
source_lint size 'plx_two has 7[0-9] lines' core/one.c "$long"
source_lint size 'core/one.c: 5[0-9][0-9] lines' core/one.c \
	"$(printf '\\n%.0s' {1..500})"
source_lint faces 'EPOLLIN' core/one.c 'int plx_b = EPOLLIN;\n'
source_lint faces 'EV_ADD' core/two.h 'enum { A = EV_ADD };\n'
source_lint headers 'unknown type name' core/two.h 'size_t plx_b(void);\n'
source_lint headers 'shim/include/a.h: .* g\+\+' shim/include/a.h \
	'int plx_b(int class);\n'
source_lint licence 'core/two.c: no SPDX' core/two.c 'int plx_b;\n'
# shellcheck disable=SC2016 # a script's text
source_lint scripts 'SC2086' tools/one.sh 'cd $1\n'
source_lint cppcheck 'arrayIndexOutOfBounds' core/one.c \
	'int plx_b(void)\n{\n\tint a[2] = { 0 };\n\treturn a[2];\n}\n'
source_lint tidy 'bugprone-suspicious-memset-usage|bugprone' core/one.c \
	'#include <string.h>\nvoid plx_b(char *s)\n{\n\tmemset(s, sizeof(s), 0);\n}\n'
source_lint tidy 'function-size|nesting' core/one.c "$long"

# A comment may name what the code may not.
tree_make
echo '/* EPOLLIN and EV_ADD */' >>"$work/tree/core/one.c"
verdict 'faces, comment' pass '' \
	env LINT_ROOT="$work/tree/WORKSPACE" "$lints/faces.sh"

# The objects.
calls=$work/calls.def script=$work/exports.lds so=$work/libpollux.so.0
printf 'PLX_CALL(int, close, (int fd), (fd))\n' >"$calls"
printf 'POLLUX_0.1 {\nglobal:\n\tkqueue;\n};\n' >"$script"
printf 'int close(int fd) { return fd < 0; }\nint kqueue(void) { return 0; }\n' \
	>"$work/clean.c"
good="-Wl,-soname,libpollux.so.0 -Wl,-z,initfirst -Wl,-z,now -Wl,-z,nodelete
	-Wl,-z,relro -Wl,--version-script=$script"

# object_lint LINT WANT WORDS FLAGS SOURCE - an object of SOURCE.
object_lint() {
	echo "$5" >"$work/extra.c"
	# shellcheck disable=SC2086 # flags are words
	gcc -shared -fPIC -fuse-ld=bfd -fno-builtin $4 "$work/clean.c" \
		"$work/extra.c" -o "$so" || status=1
	verdict "$1, $4 $5" "$2" "$3" env NAMES="$lints/call_names.sh" \
		CALLS="$calls" SCRIPT="$script" POLLUX_SO="$so" \
		POLLUX_PRELOAD="$so" PROBE="$PROBE" "$lints/$1.sh"
}

sed 's/kqueue;/kqueue; close;/' "$script" >"$work/bad.lds"

object_lint exports pass '' "$good" ''
object_lint exports fail '> stray' "$good" 'int stray;'
object_lint exports fail '< kqueue@@' "$good -Dkqueue=kqueue2" ''
object_lint exports fail '> close@@' "${good/$script/$work/bad.lds}" ''
object_lint object pass '' "$good" ''
object_lint object fail 'missing: flag INITFIRST' "${good/initfirst/lazy}" ''
object_lint object fail 'missing: flag NODELETE' "${good/nodelete/lazy}" ''
object_lint object fail 'missing: soname' "${good/-soname,lib/-soname,x}" ''
object_lint object fail 'needed besides libc: libm' \
	"$good -Wl,--no-as-needed -lm" ''
object_lint binding fail 'close of the program is not ours' \
	"${good/$script/$work/bad.lds}" ''
object_lint binding fail 'poll of the program is not ours' "$good" ''

# archive_lint WANT WORDS SOURCE - an archive of SOURCE.
archive_lint() {
	rm -f "$work/core.a"
	echo "$3" | gcc -c -fPIC -fno-builtin -x c - -o "$work/core.o" &&
		ar rc "$work/core.a" "$work/core.o" || status=1
	verdict "core_symbols, $3" "$1" "$2" env NAMES="$lints/call_names.sh" \
		CALLS="$calls" CORE="$work/core.a" "$lints/core_symbols.sh"
}

archive_lint pass 'strlen' '#include <string.h>
	int f(const char *s) { return (int)strlen(s); }'
archive_lint fail '^close' '#include <unistd.h>
	int f(int fd) { return close(fd); }'
archive_lint fail '^__errno_location' '#include <errno.h>
	int f(void) { return errno; }'
archive_lint fail '^malloc' '#include <stdlib.h>
	void *f(void) { return malloc(1); }'
exit "$status"
