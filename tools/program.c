/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.c - finds a program and reads its headers with libelf.
 */
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/cli.h"

/* Scripts that are interpreters of scripts: the kernel allows 4. */
#define SCRIPT_DEPTH_MAX 4u

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#else
#define OUR_MACHINE EM_NONE
#endif
#define OUR_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

static const struct {
	const char *text;
	const char *help;
} verdicts[PLX_VERDICT_MAX] = {
	[PLX_PRELOADABLE] = { "dynamically linked", "" },
	[PLX_STATIC] = { "statically linked, so nothing can be preloaded",
	    "Link it dynamically, or link it with -lpollux." },
	[PLX_SET_ID] = { "set-user-ID or set-group-ID, so the loader ignores "
			 "preloading (AT_SECURE)",
	    "Run pollux as the user that it becomes." },
	[PLX_FILE_CAPS] = { "given capabilities by its file, so the loader "
			    "ignores preloading (AT_SECURE)",
	    "Run pollux as root, or on a copy without the capabilities." },
	[PLX_WRONG_CLASS] = { "of another word size than libpollux.so.0",
	    "Build pollux and the program for the same word size." },
	[PLX_WRONG_MACHINE] = { "for another machine than libpollux.so.0",
	    "Build pollux for that machine." },
	[PLX_FOREIGN_LIBC] = { "linked with another C library than glibc",
	    "Link it with glibc." },
	[PLX_UNKNOWN_FORMAT] = { "neither an ELF file nor a script",
	    "Name the program that runs it." },
};

const char *
plx_verdict_text(enum plx_verdict verdict)
{
	return verdicts[verdict].text;
}

const char *
plx_verdict_help(enum plx_verdict verdict)
{
	return verdicts[verdict].help;
}

/* 0, -EACCES or -ENOENT, for one candidate. */
static int
try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
		return -EACCES;
	return 0;
}

static int
search_path(const char *name, char **ret_path)
{
	const char *path = getenv("PATH");
	int r = -ENOENT;

	if (path == NULL)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t n = strcspn(path, ":");
		char *file = plx_format("%.*s%s%s", (int)n, path,
		    n != 0 ? "/" : "./", name);
		int r_file = try_file(file);

		if (r_file == 0) {
			*ret_path = file;
			return 0;
		}
		free(file);
		if (r_file == -EACCES)
			r = -EACCES;
		if (path[n] == '\0')
			return r;
		path += n + 1;
	}
}

int
plx_program_find(const char *name, char **ret_path)
{
	int r;

	*ret_path = NULL;
	if (*name == '\0')
		return -ENOENT;
	if (strchr(name, '/') == NULL)
		return search_path(name, ret_path);
	r = try_file(name);
	if (r == 0)
		*ret_path = plx_format("%s", name);
	return r;
}

/*
 * The kernel's rule for AT_SECURE, without the mount flags and the
 * no_new_privs bit, which make a program less privileged, never more.
 */
static enum plx_verdict
judge_privilege(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return PLX_PRELOADABLE;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return PLX_SET_ID;
	if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) &&
	    st.st_gid != getgid())
		return PLX_SET_ID;
	if (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return PLX_FILE_CAPS;
	return PLX_PRELOADABLE;
}

static void
read_loader(Elf *elf, struct plx_program *ret)
{
	size_t n = 0;

	(void)elf_getphdrnum(elf, &n); /* no headers: n stays 0 */
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr phdr;
		Elf_Data *data;

		if (gelf_getphdr(elf, (int)i, &phdr) == NULL ||
		    phdr.p_type != PT_INTERP)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)phdr.p_offset,
		    phdr.p_filesz, ELF_T_BYTE);
		if (data != NULL && data->d_size != 0)
			ret->loader = plx_format("%.*s", (int)data->d_size,
			    (const char *)data->d_buf);
	}
}

static void
read_dynamic(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr,
    struct plx_program *ret)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Dyn dyn;

	for (int i = 0; data != NULL && gelf_getdyn(data, i, &dyn) != NULL;
	     i++) {
		const char *name;

		if (dyn.d_tag != DT_NEEDED || ret->needed_n == PLX_NEEDED_MAX)
			continue;
		name = elf_strptr(elf, shdr->sh_link, dyn.d_un.d_val);
		if (name != NULL)
			ret->needed[ret->needed_n++] = plx_format("%s", name);
	}
}

static void
read_sections(Elf *elf, struct plx_program *ret)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return;
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr shdr;
		const char *name;

		if (gelf_getshdr(scn, &shdr) == NULL)
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		if (name != NULL &&
		    (strcmp(name, ".note.go.buildid") == 0 ||
			strcmp(name, ".go.buildinfo") == 0))
			ret->is_go = true;
		if (shdr.sh_type == SHT_DYNAMIC)
			read_dynamic(elf, scn, &shdr, ret);
	}
}

static enum plx_verdict
judge_elf(Elf *elf, const struct plx_program *program)
{
	GElf_Ehdr ehdr;

	if (gelf_getehdr(elf, &ehdr) == NULL)
		return PLX_UNKNOWN_FORMAT;
	if (program->loader == NULL)
		return PLX_STATIC;
	if (ehdr.e_ident[EI_CLASS] != OUR_CLASS)
		return PLX_WRONG_CLASS;
	if (ehdr.e_machine != OUR_MACHINE)
		return PLX_WRONG_MACHINE;
	if (strstr(program->loader, "ld-linux") == NULL)
		return PLX_FOREIGN_LIBC;
	return PLX_PRELOADABLE;
}

static void
inspect_elf(int fd, struct plx_program *ret)
{
	enum plx_verdict privilege = judge_privilege(fd);
	Elf *elf;

	(void)elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
		ret->verdict = PLX_UNKNOWN_FORMAT;
	} else {
		read_loader(elf, ret);
		read_sections(elf, ret);
		ret->verdict = judge_elf(elf, ret);
	}
	if (ret->verdict == PLX_PRELOADABLE)
		ret->verdict = privilege;
	elf_end(elf);
}

/* The interpreter that a first line names, or NULL when it is no script. */
static char *
read_shebang(int fd)
{
	char line[PATH_MAX];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *start;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	start = line + 2 + strspn(line + 2, " \t");
	return plx_format("%.*s", (int)strcspn(start, " \t"), start);
}

int
plx_program_inspect(const char *path, struct plx_program *ret)
{
	char *file = plx_format("%s", path);

	memset(ret, 0, sizeof(*ret));
	for (unsigned depth = 0;; depth++) {
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		char *interpreter;

		if (fd < 0) {
			int r = -errno;

			free(file);
			return r;
		}
		interpreter = depth < SCRIPT_DEPTH_MAX ? read_shebang(fd)
						       : NULL;
		if (interpreter == NULL) {
			ret->path = file;
			inspect_elf(fd, ret);
			close(fd);
			return 0;
		}
		close(fd);
		if (ret->script == NULL)
			ret->script = plx_format("%s", path);
		free(file);
		file = interpreter;
	}
}

void
plx_program_fini(struct plx_program *program)
{
	free(program->path);
	free(program->script);
	free(program->loader);
	for (size_t i = 0; i < program->needed_n; i++)
		free(program->needed[i]);
	memset(program, 0, sizeof(*program));
}

const char *
plx_program_needs(const struct plx_program *program, const char *prefix)
{
	for (size_t i = 0; i < program->needed_n; i++) {
		if (strncmp(program->needed[i], prefix, strlen(prefix)) == 0)
			return program->needed[i];
	}
	return NULL;
}
