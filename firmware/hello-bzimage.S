// The hello guest as a bzImage: a boot sector with the setup header, one sector of setup code, and a payload with an
// entry point for each mode (Linux Documentation/arch/x86/boot.rst). A flat binary, linked at 0.
//
// The real-mode entry point is for loaders that start where a BIOS would; it says hello as well.
#include "hello.h"

    .text
    .globl start
start:
    .org 0x1f1
    .byte 1                     // setup_sects: this many after the first
    .word 0                     // root_flags
    .long (end - payload + 15) / 16 // syssize
    .word 0                     // ram_size
    .word 0xffff                // vid_mode: normal
    .word 0                     // root_dev
    .word 0xaa55                // boot_flag
    .byte 0xeb, real - header   // jump
header:
    .ascii "HdrS"
    .word 0x020f                // version
    .long 0                     // realmode_swtch
    .word 0, 0                  // start_sys_seg, kernel_version
    .byte 0                     // type_of_loader
    .byte 1                     // loadflags: LOADED_HIGH
    .word 0                     // setup_move_size
    .long 0x100000              // code32_start
    .long 0, 0                  // ramdisk_image, ramdisk_size
    .long 0                     // bootsect_kludge
    .word 0                     // heap_end_ptr
    .byte 0, 0                  // ext_loader_ver, ext_loader_type
    .long 0                     // cmd_line_ptr
    .long 0x7fffffff            // initrd_addr_max
    .long 0x1000                // kernel_alignment
    .byte 1                     // relocatable_kernel
    .byte 12                    // min_alignment
    .word 3                     // xloadflags: XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G
    .long 2047                  // cmdline_size
    .long 0                     // hardware_subarch
    .quad 0                     // hardware_subarch_data
    .long 0, 0                  // payload_offset, payload_length
    .quad 0                     // setup_data
    .quad 0x100000              // pref_address
    .long 0x1000                // init_size
    .long 0                     // handover_offset
    .long 0                     // kernel_info_offset
real:
    .code16
    hello

    .org 0x400
payload:
    .code32
    hello
    .org 0x600
    .code64
    hello
    .balign 16
end:
    .section .note.GNU-stack, "", @progbits
