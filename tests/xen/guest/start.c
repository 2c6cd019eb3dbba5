/* SPDX-License-Identifier: ISC */

/*
 * Where the guest begins: what the loader reads of the ELF file, the page that
 * Xen fills with its calls, and the first instructions.
 *
 * The loader puts address GUEST_BASE at the guest's page 0, and maps, from there,
 * the program with its zeroed data, the list of frames, the start info, the pages
 * of store and console, and the page tables. So memory of the program's own, an
 * arena too, needs no work on page tables.
 * Source: xen/elfnote.h, and "start-of-day" in xen/arch-x86/xen-x86_64.h.
 */

/* A note of Xen's: its number, and the assembler's line for its value. */
#define NOTE(number, value)           \
    ".long 4, 2f - 1f, " #number "\n" \
    ".asciz \"Xen\"\n"                \
    "1: " value "\n"                  \
    "2: .balign 4\n"

__asm__(".pushsection .note.Xen, \"a\", @note\n"
        ".balign 4\n" NOTE(6, ".asciz \"leat\"") /* guest                    */
        NOTE(7, ".asciz \"1\"")                  /* its version              */
        NOTE(5, ".asciz \"xen-3.0\"")            /* Xen's interface          */
        NOTE(8, ".asciz \"generic\"")            /* loader                   */
        NOTE(9, ".asciz \"yes\"")   /* PAE; so say 64-bit guests too */
        NOTE(3, ".quad guest_base") /* what address page 0 has  */
        NOTE(4, ".quad 0")          /* and as the file tells it */
        NOTE(1, ".quad guest_entry") NOTE(2, ".quad guest_hypercalls")
            NOTE(14, ".long 1") /* a suspend can be cancelled */
        ".popsection\n");

/* A stub of 32 bytes for each hypercall. */
__asm__(".pushsection .text.hypercalls, \"ax\", @progbits\n"
        ".balign 4096\n"
        ".globl guest_hypercalls\n"
        "guest_hypercalls:\n"
        ".skip 4096\n"
        ".popsection\n");

/* Xen enters with the start info's address in rsi, on a stack of its own. */
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".globl guest_entry\n"
        ".type guest_entry, @function\n"
        "guest_entry:\n"
        "    cld\n"
        "    lea guest_stack_end(%rip), %rsp\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsi, %rdi\n"
        "    call guest_start\n"
        "    ud2\n"
        ".size guest_entry, . - guest_entry\n"
        ".popsection\n"
        ".pushsection .bss, \"aw\", @nobits\n"
        ".balign 16\n"
        ".skip 65536\n"
        "guest_stack_end:\n"
        ".popsection\n");
