// The hello guest as an ELF kernel. Its 64-bit entry point and its PVH entry point share one piece of code, whose
// encoding is the same in both modes.
//
// Built twice: with PVH defined, a note offers the 32-bit entry point, and direct boot takes it; without, the 64-bit
// entry point is the only one.
#include "hello.h"

    .section .text, "ax"
    .code64
    .globl start
start:
    hello

#ifdef PVH
    .section .note.pvh, "a", @note
    .balign 4
    .long 2f - 1f               // name size
    .long 4f - 3f               // contents size
    .long 18                    // XEN_ELFNOTE_PHYS32_ENTRY
1:  .asciz "Xen"
2:  .balign 4
3:  .long start
4:
#endif

    .section .note.GNU-stack, "", @progbits
