// Devices: the fixed hardware of the boards, one type a file.
//
//     UART16550A          serial ports                        CMOSClock           time of day, CMOS memory
//     KeyboardController  i8042, and the reset line in it     HPET                high precision timers
//     PowerManagement     ACPI fixed hardware (ICH9)          GenericEventDevice  ACPI events without fixed hardware
//     ResetControl        port 0xCF9                          SystemControlPort   port 0x92
//     DebugExit           ends the machine, for tests         DebugConsole        a byte port, for firmware's messages
//
// All follow one recipe. Registers are a struct in one `Mutex`; `read` and `write` compute under it and call out (power
// requests, back ends, hooks) after it. Interrupt lines alone are set under it, so that the level set last is the one of
// the registers; lines call nothing here. Time comes from the machine's `Clock` alone, so that a test turns it by hand.
// Nothing here knows where it is mapped: the board does that.
//
//         board ──maps──► BusDevice            one access, at an offset, of a width
//         board ──owns──► MachinePart          reset, pause, resume
