/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry_aarch64.S - the two calls that C cannot pass on. See entry_x86_64.S.
 */
#if defined(__aarch64__)

/* As hint 34: assembles for every architecture level. */
#define LANDING hint 34 /* bti c */

	.text

	.globl	vfork
	.globl	__vfork
	.type	vfork, %function
	.type	__vfork, %function
	.p2align 4
vfork:
__vfork:
	.cfi_startproc
	LANDING
	adrp	x16, plx_shim_active
	ldr	w16, [x16, :lo12:plx_shim_active]
	cbz	w16, 1f
	stp	x29, x30, [sp, #-16]!
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	mov	x0, x30
	bl	plx_vfork_note
	ldp	x29, x30, [sp], #16
	.cfi_adjust_cfa_offset -16
	.cfi_restore x29
	.cfi_restore x30
1:	adrp	x16, plx_real_vfork
	ldr	x16, [x16, :lo12:plx_real_vfork]
	br	x16
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

	.globl	syscall
	.type	syscall, %function
	.p2align 4
syscall:
	.cfi_startproc
	LANDING
	adrp	x16, plx_shim_active
	ldr	w16, [x16, :lo12:plx_shim_active]
	cbz	w16, 1f
	stp	x29, x30, [sp, #-80]!
	.cfi_adjust_cfa_offset 80
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp	x0, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x5, [sp, #48]
	stp	x6, x7, [sp, #64]
	bl	plx_syscall_wanted
	mov	w16, w0
	ldp	x0, x1, [sp, #16]
	ldp	x2, x3, [sp, #32]
	ldp	x4, x5, [sp, #48]
	ldp	x6, x7, [sp, #64]
	ldp	x29, x30, [sp], #80
	.cfi_adjust_cfa_offset -80
	.cfi_restore x29
	.cfi_restore x30
	cbz	w16, 1f
	b	plx_syscall_seen
1:	adrp	x16, plx_real_syscall
	ldr	x16, [x16, :lo12:plx_real_syscall]
	br	x16
	.cfi_endproc
	.size	syscall, . - syscall

	/* vfork before libc's is known: CLONE_VM | CLONE_VFORK | SIGCHLD. */
	.globl	plx_stub_vfork
	.hidden	plx_stub_vfork
	.type	plx_stub_vfork, %function
	.p2align 4
plx_stub_vfork:
	.cfi_startproc
	LANDING
	mov	x0, #0x4111
	mov	x1, sp
	mov	x8, #220	/* SYS_clone */
	svc	#0
	cmn	x0, #4095
	b.cs	1f
	ret
1:	b	plx_stub_failed
	.cfi_endproc
	.size	plx_stub_vfork, . - plx_stub_vfork

#endif

/* In every case: an object without it asks for an executable stack. */
	.section .note.GNU-stack, "", %progbits
