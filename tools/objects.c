/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c - reads the objects of a program for `pollux doctor`. The program
 * is not run: the loader only lists what it would map.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/doctor.h"

/*
 * The bytes 0f 05 are a system call, or part of another instruction. One with a
 * number set at most NUMBER_NEAR bytes before it, or whose result is tested
 * right after it, is taken for real.
 */
#define NUMBER_NEAR        16u
#define SYSCALL_NUMBER_MAX 1024u

static const char *const event_calls[] = { "select", "pselect", "poll", "ppoll",
	"__poll_chk", "__ppoll_chk", "__fdelt_chk", "epoll_create",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"epoll_pwait2", "kqueue", "kqueue1", "kevent", "syscall" };

#define EVENT_CALLS_N (sizeof(event_calls) / sizeof(event_calls[0]))

static void
note_import(bool *imported, const char *name)
{
	for (size_t i = 0; i < EVENT_CALLS_N; i++)
		imported[i] |= strcmp(event_calls[i], name) == 0;
}

/* In the order of the list: that of the symbols depends on the linker. */
static char *
join_imports(const bool *imported)
{
	char *all = NULL;

	for (size_t i = 0; i < EVENT_CALLS_N; i++) {
		char *before = all;

		if (!imported[i])
			continue;
		all = plx_format("%s%s%s", before ? before : "",
		    before ? ", " : "", event_calls[i]);
		free(before);
	}
	return all;
}

static void
read_symbols(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, bool *imported)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 0; data != NULL && gelf_getsym(data, i, &sym) != NULL;
	     i++) {
		const char *name;

		if (sym.st_shndx != SHN_UNDEF)
			continue;
		name = elf_strptr(elf, shdr->sh_link, sym.st_name);
		if (name != NULL)
			note_import(imported, name);
	}
}

/* mov $number,%eax somewhere in the bytes before. */
static bool
has_number(const unsigned char *code, size_t at)
{
	size_t first = at > NUMBER_NEAR ? at - NUMBER_NEAR : 0;

	for (size_t i = first; i + 5 <= at; i++) {
		unsigned number = code[i + 1] | (unsigned)code[i + 2] << 8 |
		    (unsigned)code[i + 3] << 16 | (unsigned)code[i + 4] << 24;

		if (code[i] == 0xb8 && number < SYSCALL_NUMBER_MAX)
			return true;
	}
	return false;
}

/* cmp $-4095,%rax (or -4096), as after every wrapped call. */
static bool
has_test(const unsigned char *code, size_t after, size_t n)
{
	return after + 6 <= n && code[after] == 0x48 &&
	    code[after + 1] == 0x3d && code[after + 3] == 0xf0 &&
	    code[after + 4] == 0xff && code[after + 5] == 0xff;
}

static void
read_code(Elf_Scn *scn, struct plx_object *ret)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	const unsigned char *code;

	if (data == NULL || data->d_buf == NULL)
		return;
	code = data->d_buf;
	for (size_t i = 0; i + 1 < data->d_size; i++) {
		if (code[i] != 0x0f || code[i + 1] != 0x05)
			continue;
		ret->syscalls_n += has_number(code, i) ||
		    has_test(code, i + 2, data->d_size);
	}
}

int
plx_object_read(const char *path, struct plx_object *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool imported[EVENT_CALLS_N] = { false };
	Elf_Scn *scn = NULL;
	GElf_Ehdr ehdr;
	Elf *elf;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return -errno;
	(void)elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf == NULL || gelf_getehdr(elf, &ehdr) == NULL) {
		elf_end(elf);
		close(fd);
		return -ENOEXEC;
	}
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) == NULL)
			continue;
		if (shdr.sh_type == SHT_DYNSYM)
			read_symbols(elf, scn, &shdr, imported);
		if ((shdr.sh_flags & SHF_EXECINSTR) &&
		    shdr.sh_type == SHT_PROGBITS && ehdr.e_machine == EM_X86_64)
			read_code(scn, ret);
	}
	ret->imports = join_imports(imported);
	elf_end(elf);
	close(fd);
	return 0;
}

void
plx_object_fini(struct plx_object *object)
{
	free(object->imports);
	object->imports = NULL;
}

/* "\tNAME => FILE (0x...)", "\tNAME => not found", "\tFILE (0x...)" */
static void
take_line(char *line,
    void (*each)(void *arg, const char *name, const char *file), void *arg)
{
	char *name = line + strspn(line, " \t");
	char *arrow = strstr(name, " => ");
	char *file = arrow != NULL ? arrow + 4 : name;
	char *end = strstr(file, " (0x");

	if (arrow != NULL)
		*arrow = '\0';
	if (end != NULL)
		*end = '\0';
	file[strcspn(file, "\n")] = '\0';
	if (end == NULL && strncmp(file, "not found", 9) == 0)
		each(arg, name, NULL);
	else if (end != NULL && *file == '/')
		each(arg, name, file);
}

int
plx_objects_list(const char *loader, const char *path,
    void (*each)(void *arg, const char *name, const char *file), void *arg)
{
	char *line = NULL;
	size_t size = 0;
	int out[2];
	FILE *lines;
	pid_t pid;
	int status;

	if (pipe2(out, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(STDERR_FILENO);
		unsetenv("LD_PRELOAD");
		execl(loader, loader, "--list", path, (char *)NULL);
		_exit(PLX_EXIT_NOT_FOUND);
	}
	close(out[1]);
	lines = fdopen(out[0], "r");
	while (lines != NULL && getline(&line, &size, lines) >= 0)
		take_line(line, each, arg);
	free(line);
	if (lines != NULL)
		fclose(lines);
	(void)waitpid(pid, &status, 0);
	return status == 0 ? 0 : -ENOEXEC;
}
