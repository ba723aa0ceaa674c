import Bus
import Host
import Hypervisor
import KVM
import Memory
import Synchronization
import Testing

/// Guests of a few instructions on the host's real KVM. They keep to what a software KVM can run, too.
@Suite(
    "vCPUs on KVM", .serialized,
    .enabled(if: HostKVM.refusal == nil, "KVM tests need a working /dev/kvm. \(HostKVM.refusal ?? "")"))
struct VirtualCPUTests {
    /// `mov al, X; out 0xf4, al; hlt`, in any mode.
    static func finish(_ value: UInt8 = 1) -> [UInt8] { [0xb0, value, 0xe6, 0xf4, 0xf4] }

    @Test("A reset processor starts at the reset vector, and its OUT reaches the device") func portWrite() throws {
        let guest = try Guest(isDirectBoot: false)
        defer { guest.recorder.detach() }
        // mov dx, 0x3f8; mov al, 'A'; out dx, al
        try guest.placeAtReset([0xba, 0xf8, 0x03, 0xb0, 0x41, 0xee] + Self.finish(7))
        try guest.cpu.reset()
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0x3f8] == [0x41])
        #expect(guest.recorder[0xf4] == [7])
    }

    @Test("An IN takes what the device answers, and all ones where there is none") func portRead() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        // mov dx, 0x3f8; in al, dx; out 0xf4, al  |  mov dx, 0x777; in al, dx; out dx(0x3f8)
        try guest.placeAtReset(
            [0xba, 0x77, 0x07, 0xec, 0xba, 0xf8, 0x03, 0xee, 0xec, 0xe6, 0xf4, 0xf4])
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0x3f8] == [0xff])
        #expect(guest.recorder[0xf4] == [0x5a])
    }

    @Test("REP OUTSB sends every byte in order") func stringOutput() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let text = Array("Hello, world".utf8)
        try guest.memory.write(text, at: GuestAddress(0x500))
        // mov si, 0x500; mov cx, n; mov dx, 0x3f8; cld; rep outsb
        try guest.placeAtReset(
            [0xbe, 0x00, 0x05, 0xb9, UInt8(text.count), 0x00, 0xba, 0xf8, 0x03, 0xfc, 0xf3, 0x6e] + Self.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0x3f8] == text)
    }

    @Test("REP INSB fills memory with what the device answers") func stringInput() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        // mov di, 0x500; mov cx, 5; mov dx, 0x3f8; cld; rep insb
        try guest.placeAtReset(
            [0xbf, 0x00, 0x05, 0xb9, 0x05, 0x00, 0xba, 0xf8, 0x03, 0xfc, 0xf3, 0x6c] + Self.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.memory.bytes(at: GuestAddress(0x500), count: 6) == [0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0])
    }

    @Test("Memory-mapped accesses of each width reach the device as they are") func memoryWidths() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let scratch = Scratch()
        let range = try #require(GuestRange(start: GuestAddress(0xd000_0000), count: 16))
        guest.buses.memory.map(range, name: "scratch", to: scratch)
        try guest.enter64(
            [
                0xbb, 0x00, 0x00, 0x00, 0xd0,  // mov ebx, 0xd0000000
                0xc6, 0x03, 0x11,  // mov byte [rbx], 0x11
                0x66, 0xc7, 0x43, 0x02, 0x33, 0x22,  // mov word [rbx + 2], 0x2233
                0xc7, 0x43, 0x04, 0x77, 0x66, 0x55, 0x44,  // mov dword [rbx + 4], 0x44556677
                0x48, 0xb8, 8, 7, 6, 5, 4, 3, 2, 1,  // mov rax, 0x0102030405060708
                0x48, 0x89, 0x43, 0x08,  // mov [rbx + 8], rax
                0x31, 0xc0,  // xor eax, eax
                0x8a, 0x03, 0x88, 0x04, 0x25, 0x00, 0x06, 0x00, 0x00,  // mov al, [rbx]; mov [0x600], al
                0x66, 0x8b, 0x43, 0x02, 0x66, 0x89, 0x04, 0x25, 0x08, 0x06, 0x00, 0x00,  // ax, 0x608
                0x8b, 0x43, 0x04, 0x89, 0x04, 0x25, 0x10, 0x06, 0x00, 0x00,  // eax, 0x610
                0x48, 0x8b, 0x43, 0x08, 0x48, 0x89, 0x04, 0x25, 0x18, 0x06, 0x00, 0x00,  // rax, 0x618
            ] + Self.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(
            scratch.writes == [
                Access(offset: 0, width: .one), Access(offset: 2, width: .two), Access(offset: 4, width: .four),
                Access(offset: 8, width: .eight),
            ])
        #expect(guest.memory.load(GuestAddress(0x600), as: UInt64.self) == 0x11)
        #expect(guest.memory.load(GuestAddress(0x608), as: UInt64.self) == 0x2233)
        #expect(guest.memory.load(GuestAddress(0x610), as: UInt64.self) == 0x4455_6677)
        #expect(guest.memory.load(GuestAddress(0x618), as: UInt64.self) == 0x0102_0304_0506_0708)
    }

    @Test("A kick ends an endless loop") func kickRunning() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.placeAtReset([0xe6, 0x80, 0xeb, 0xfe])  // out 0x80, al; jmp self
        let isLooping = Guarded(false)
        guest.recorder.whenSignalled { isLooping.update { $0 = true } }
        let cpu = guest.cpu
        let exit = Mutex<VirtualCPUExit?>(nil)
        let shared = Shared(exit)
        let thread = try Thread(name: "vCPU") { shared.value.withLock { $0 = cpu.run() } }
        isLooping.wait { $0 ? () : nil }
        cpu.kick()
        thread.join()
        #expect(shared.value.withLock { $0 } == .interrupted)
    }

    @Test("A kick ends a halt") func kickHalted() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.placeAtReset([0xe6, 0x80, 0xfa, 0xf4, 0xeb, 0xfd])  // out 0x80, al; cli; hlt; jmp hlt
        let isHalting = Guarded(false)
        guest.recorder.whenSignalled { isHalting.update { $0 = true } }
        let cpu = guest.cpu
        let shared = Shared(Mutex<VirtualCPUExit?>(nil))
        let thread = try Thread(name: "vCPU") { shared.value.withLock { $0 = cpu.run() } }
        isHalting.wait { $0 ? () : nil }
        cpu.kick()
        thread.join()
        #expect(shared.value.withLock { $0 } == .interrupted)
    }

    @Test("A kick before run is seen by it once; an acknowledged one is not") func earlyKick() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.placeAtReset(Self.finish())
        guest.cpu.kick()
        guest.cpu.kick()
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [])
        guest.cpu.kick()
        guest.cpu.acknowledgeKick()
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [1])
    }

    @Test("Reset brings every register back, and the guest starts anew") func reset() throws {
        let guest = try Guest(isDirectBoot: false)
        defer { guest.recorder.detach() }
        let cpu = try #require(guest.cpu as? KVMVirtualCPU)
        let fresh = try cpu.registers()
        // mov bx, 0x1234; mov sp, bx; mov ax, 0x700; mov ds, ax; then the end
        try guest.placeAtReset([0xbb, 0x34, 0x12, 0x89, 0xdc, 0xb8, 0x00, 0x07, 0x8e, 0xd8] + Self.finish(3))
        #expect(cpu.run() == .interrupted)
        #expect(try cpu.registers() != fresh)
        guest.machine.reset()
        try cpu.reset()
        let again = try cpu.registers()
        // RDX is the processor's signature, which a new vCPU does not know before its CPUID is set.
        #expect(again.general.filter { $0.name != "RDX" } == fresh.general.filter { $0.name != "RDX" })
        #expect(again.control == fresh.control)
        #expect(again.instructionPointer == 0xfff0)
        #expect(again.codeSegmentBase == 0xffff_0000)
        #expect(again.mode == .real)
        #expect(cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [3, 3])
    }

    @Test("Reset leaves 64-bit mode, and a kernel can be entered again") func resetFromLongMode() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.enter64(Self.finish(1))
        #expect(guest.cpu.run() == .interrupted)
        try guest.cpu.reset()
        #expect(try #require(guest.cpu as? KVMVirtualCPU).registers().mode == .real)
        try guest.enter64(Self.finish(2))
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [1, 2])
    }

    @Test("The second processor waits for INIT and start-up, then runs") func secondProcessor() throws {
        let guest = try Guest(2)
        defer { guest.recorder.detach() }
        // At 0x9000, real mode: mov al, 9; out 0x80, al; cli; hlt
        try guest.memory.write([0xb0, 0x09, 0xe6, 0x80, 0xfa, 0xf4], at: GuestAddress(0x9000))
        try guest.enter64(
            [
                0xbb, 0x00, 0x00, 0xe0, 0xfe,  // mov ebx, 0xfee00000
                0xc7, 0x83, 0xf0, 0, 0, 0, 0xff, 0x01, 0, 0,  // [rbx + 0xf0] = 0x1ff: APIC on
                0xc7, 0x83, 0x10, 0x03, 0, 0, 0, 0, 0, 1,  // [rbx + 0x310] = 1 << 24: to APIC 1
                0xc7, 0x83, 0x00, 0x03, 0, 0, 0x00, 0x45, 0, 0,  // [rbx + 0x300] = INIT
                0xc7, 0x83, 0x00, 0x03, 0, 0, 0x09, 0x46, 0, 0,  // [rbx + 0x300] = start-up at 0x9000
            ] + Self.finish())
        let second = guest.processors[1]
        let didStart = Guarded(false)
        guest.recorder.whenSignalled { didStart.update { $0 = true } }
        let shared = Shared(Mutex<VirtualCPUExit?>(nil))
        let thread = try Thread(name: "vCPU 1") { shared.value.withLock { $0 = second.run() } }
        #expect(guest.cpu.run() == .interrupted)
        didStart.wait { $0 ? () : nil }
        second.kick()
        thread.join()
        #expect(shared.value.withLock { $0 } == .interrupted)
        #expect(guest.recorder[0x80] == [9])
    }

    @Test("An exception without a handler is a triple fault") func tripleFault() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.enter64([0x0f, 0x0b])  // ud2
        #expect(guest.cpu.run() == .tripleFault)
        try guest.cpu.reset()
        try guest.enter64(Self.finish(4))
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [4])
    }

    @Test("A software KVM's gap is explained", .enabled(if: !KVMProbe.hasHardwareVirtualization))
    func emulationFailure() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        try guest.enter64([0x9b] + Self.finish())  // fwait
        guard case .failed(let reason) = guest.cpu.run() else {
            Issue.record("FWAIT worked, so this KVM has no such gap")
            return
        }
        #expect(reason.contains("vCPU 0 at 0x8000 in 64-bit mode"))
        #expect(reason.contains("nested virtualization"))
        #expect(KVMProbe.verdict() == .tinyGuestsOnly)
    }

    @Test("The verdict on this KVM fits the processor's flags") func verdict() {
        switch KVMProbe.verdict() {
        case .ordinaryGuests: break
        case .tinyGuestsOnly: #expect(!KVMProbe.hasHardwareVirtualization)
        case .unavailable(let reason): Issue.record("KVM opened before, and now not: \(reason)")
        }
    }
}

/// Lets a noncopyable lock be captured by a thread.
final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
