import Support
import Testing

@Suite("A machine that cannot be is refused in one sentence")
struct RefusalTests {
    static let sentences: [(words: String, sentence: String)] = [
        ("-machine pdp11", "There is no machine 'pdp11'; -machine help lists them."),
        ("-machine q53", "There is no machine 'q53'; did you mean 'q35'?"),
        ("-machine q35,hpte=off", "-machine q35 has no property 'hpte'; did you mean 'hpet'?"),
        ("-machine q35,usb=on", "-machine q35: 'usb': There is no USB yet."),
        ("-device virtio-blk-pic", "There is no device 'virtio-blk-pic'; did you mean 'virtio-blk-pci'?"),
        ("-device e1000", "There is no device 'e1000'; -device help lists them."),
        ("-device virtio-rng-pci,spin=1", "-device virtio-rng-pci has no property 'spin'."),
        ("-device virtio-blk-pci", "-device virtio-blk-pci needs the property 'drive'."),
        (
            "-device virtio-blk-pci,drive=d",
            "There is no drive or node 'd'; -device virtio-blk-pci needs -drive id=d,… or -blockdev node-name=d,…."
        ),
        (
            "-blockdev null-co,node-name=n -device virtio-blk-pci,id=a,drive=n -device virtio-blk-pci,id=b,drive=n",
            "-device virtio-blk-pci,id=b: Drive 'n' is already in use by device 'a'."
        ),
        (
            "-device virtio-rng-pci,bus=pcie.7",
            "There is no PCI bus 'pcie.7'; did you mean 'pcie.0'?"
        ),
        (
            "-machine microvm -device virtio-rng-device,bus=pcie.0",
            "-device virtio-rng-device: There is no bus 'pcie.0' on microvm."
        ),
        (
            "-machine microvm -device virtio-rng-pci",
            """
            -device virtio-rng-pci: microvm has no PCI bus to plug it into; \
            virtio-rng-device is the same device for it.
            """
        ),
        (
            "-blockdev null-co,node-name=n -device virtio-blk-pci,drive=n,iothread=t",
            "There is no iothread 't'; -device virtio-blk-pci needs -object iothread,id=t."
        ),
        (
            "-device virtio-rng-pci,rng=r",
            "There is no object 'r'; -device virtio-rng-pci needs -object rng-random,id=r."
        ),
        (
            "-object iothread,id=t -device virtio-rng-pci,rng=t",
            "-device virtio-rng-pci: 't' is a iothread, not a rng-random or rng-builtin."
        ),
        ("-object rng-egd,id=r", "There is no object type 'rng-egd'; -object help lists them."),
        ("-device isa-serial,chardev=c", "There is no chardev 'c'; serial port COM1 needs -chardev …,id=c."),
        (
            "-chardev null,id=c -device isa-serial,chardev=c -device isa-serial,chardev=c",
            "serial port COM2: Chardev 'c' is already in use by serial port COM1; mux=on shares one."
        ),
        (
            "-serial null -serial null -serial null -serial null -chardev null,id=c -device isa-serial,chardev=c",
            "-serial: COM5 is not free; there are four serial ports."
        ),
        ("-smp 255", "-smp: 255 processors are too many; pc-q35-7.2 takes up to 254."),
        (
            "-machine microvm -device isa-debug-exit,iobase=0x3f8 -serial null",
            "-device isa-debug-exit: Ports 0x3f8...0x3f9 belong to COM1 already."
        ),
        (
            "-device isa-debug-exit,iobase=0xffff",
            "-device isa-debug-exit: 'iobase' takes a port with 2 up to 0xffff, not '0xffff'."
        ),
        (
            "-device virtio-rng-pci,addr=1f",
            "-device virtio-rng-pci: PCI address 1f.0 on bus 'pcie.0' is taken by 'lpc'; choose another addr=."
        ),
        ("-cpu pentium", "-cpu: There is no model 'pentium'; host is the only one yet."),
        ("-netdev tap,id=n", "-netdev: This is not supported by Apus yet."),
        ("-bios ovmf.fd", "-bios: This is not supported by Apus yet."),
    ]

    @Test("The sentence says what is wrong and what is right", arguments: sentences)
    func sentence(_ words: String, _ sentence: String) {
        #expect(MachineUnderTest.refusal(words) == sentence)
    }

    @Test("Every refusal ends where its sentence ends, without a line break")
    func form() {
        for (words, _) in Self.sentences {
            let refusal = MachineUnderTest.refusal(words) ?? ""
            #expect(refusal.hasSuffix(".") || refusal.hasSuffix("?"), "\(refusal)")
            #expect(!refusal.contains("\n"), "\(refusal)")
        }
    }
}
