/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry_x86_64.S - the two calls that C cannot pass on.
 *
 * vfork returns twice, the second time after its caller's frames were used by
 * the child: nothing of ours may stand between the program and libc, so it is a
 * jump. syscall may have any arguments: all registers reach libc as they came,
 * unless the number is one of those that plx_syscall_wanted names.
 */
#if defined(__x86_64__)

#include <cet.h>

	.text

	.globl	vfork
	.globl	__vfork
	.type	vfork, @function
	.type	__vfork, @function
	.p2align 4
vfork:
__vfork:
	.cfi_startproc
	_CET_ENDBR
	cmpl	$0, plx_shim_active(%rip)
	jne	1f
	jmp	*plx_real_vfork(%rip)
1:	movq	(%rsp), %rdi
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	plx_vfork_note
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	jmp	*plx_real_vfork(%rip)
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	_CET_ENDBR
	cmpl	$0, plx_shim_active(%rip)
	jne	1f
	jmp	*plx_real_syscall(%rip)
1:	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	%rcx
	.cfi_adjust_cfa_offset 8
	pushq	%r8
	.cfi_adjust_cfa_offset 8
	pushq	%r9
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	plx_syscall_wanted
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r9
	.cfi_adjust_cfa_offset -8
	popq	%r8
	.cfi_adjust_cfa_offset -8
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	testl	%eax, %eax
	jne	2f
	jmp	*plx_real_syscall(%rip)
	/* The seventh argument is where the C function expects it. */
2:	jmp	plx_syscall_seen
	.cfi_endproc
	.size	syscall, . - syscall

	/*
	 * vfork before libc's is known. The return address must not stay on
	 * the stack that the child will use.
	 */
	.globl	plx_stub_vfork
	.hidden	plx_stub_vfork
	.type	plx_stub_vfork, @function
	.p2align 4
plx_stub_vfork:
	.cfi_startproc
	_CET_ENDBR
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rdi
	movl	$58, %eax	/* SYS_vfork */
	syscall
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	cmpq	$-4095, %rax
	jae	1f
	ret
1:	movq	%rax, %rdi
	jmp	plx_stub_failed
	.cfi_endproc
	.size	plx_stub_vfork, . - plx_stub_vfork

#endif

/* In every case: an object without it asks for an executable stack. */
	.section .note.GNU-stack, "", %progbits
