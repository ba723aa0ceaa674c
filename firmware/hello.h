// What both flavours of the hello guest do, in whatever mode it is assembled for: one byte to the first serial port, an
// exit code to the debug-exit port, then sleep. Three instructions lead to the byte, and none of them touches memory,
// so the time to it is the time that the hypervisor takes.
//
// Only moves, `out` and `hlt`: a software KVM interprets privileged code and knows few instructions.

#define COM1       0x3f8
#define DEBUG_EXIT 0xf4

.macro hello
    movw $COM1, %dx
    movb $0x41, %al             // 'A'
    outb %al, %dx
    xorl %eax, %eax
    outb %al, $DEBUG_EXIT       // without such a device, nothing happens
9:  cli
    hlt
    jmp 9b
.endm
