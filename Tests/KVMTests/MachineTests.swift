import Bus
import Glibc
import Host
import Hypervisor
import KVM
import Memory
import Testing

@Suite(
    "Machines on KVM", .serialized,
    .enabled(if: HostKVM.refusal == nil, "KVM tests need a working /dev/kvm. \(HostKVM.refusal ?? "")"))
struct KVMMachineTests {
    @Test("A doorbell in a port is heard without an exit") func portDoorbell() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let event = try EventFD()
        // Bound directly, so that an exit would find nobody on the bus.
        guest.machine.bind(Doorbell(address: GuestAddress(0x600), event: event), in: .port)
        try guest.placeAtReset([0xba, 0x00, 0x06, 0xef] + VirtualCPUTests.finish())  // mov dx, 0x600; out dx, ax
        #expect(guest.cpu.run() == .interrupted)
        #expect(event.drain())
    }

    @Test("A doorbell in memory hears its value and no other, until it is taken away") func memoryDoorbell() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let scratch = Scratch()
        let range = try #require(GuestRange(start: GuestAddress(0xd000_0000), count: 16))
        guest.buses.memory.map(range, name: "scratch", to: scratch)
        let one = try EventFD()
        let any = try EventFD()
        let bells = [
            Doorbell(address: GuestAddress(0xd000_0000), width: .two, value: 1, event: one),
            Doorbell(address: GuestAddress(0xd000_0008), event: any),
        ]
        for bell in bells { guest.machine.bind(bell, in: .memory) }
        let code: [UInt8] = [
            0xbb, 0x00, 0x00, 0x00, 0xd0,  // mov ebx, 0xd0000000
            0x66, 0xc7, 0x03, 0x01, 0x00,  // mov word [rbx], 1
            0x66, 0xc7, 0x03, 0x02, 0x00,  // mov word [rbx], 2
            0xc7, 0x43, 0x08, 0x05, 0x00, 0x00, 0x00,  // mov dword [rbx + 8], 5
        ]
        try guest.enter64(code + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(one.drain())
        #expect(any.drain())
        #expect(scratch.writes == [Access(offset: 0, width: .two)])

        for bell in bells { guest.machine.unbind(bell, in: .memory) }
        try guest.cpu.reset()
        try guest.enter64(code + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(!one.drain())
        #expect(!any.drain())
        #expect(scratch.writes.count == 4)
    }

    /// Switches the APIC on, says so at port 0x80, and waits until vector 0x31 is requested.
    private static let waitForVector: [UInt8] = [
        0xbb, 0x00, 0x00, 0xe0, 0xfe,  // mov ebx, 0xfee00000
        0xc7, 0x83, 0xf0, 0, 0, 0, 0xff, 0x01, 0, 0,  // [rbx + 0xf0] = 0x1ff
        0xe6, 0x80,  // out 0x80, al
        0x8b, 0x83, 0x10, 0x02, 0, 0,  // again: mov eax, [rbx + 0x210]
        0xa9, 0x00, 0x00, 0x02, 0x00,  // test eax, 1 << 17
        0x74, 0xf3,  // jz again
    ]

    private static let message = InterruptMessage(address: 0xfee0_0000, data: 0x31)

    @Test("A message interrupt reaches the local APIC") func message() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let interrupt = try guest.machine.makeMessageInterrupt()
        interrupt.signal()  // without a route: nothing
        interrupt.route(Self.message)
        guest.recorder.whenSignalled { interrupt.signal() }
        try guest.enter64(Self.waitForVector + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [1])
    }

    @Test("A kernel back end raises it by its eventfd, and what came while masked comes later") func eventfd() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let interrupt = try guest.machine.makeMessageInterrupt()
        let descriptor = try #require(interrupt.eventDescriptor)
        #expect(interrupt.eventDescriptor == descriptor)
        interrupt.route(InterruptMessage(address: 0xfee0_0000, data: 0x77))
        interrupt.route(nil)
        guest.recorder.whenSignalled {
            var one: UInt64 = 1
            _ = unsafe write(descriptor, &one, 8)
            interrupt.route(Self.message)
        }
        try guest.enter64(Self.waitForVector + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [1])
    }

    @Test("Routes of kernel back ends come and go with their interrupts") func manyRoutes() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        for _ in 0..<3 {
            let interrupts = try (0..<60).map { index in
                let interrupt = try guest.machine.makeMessageInterrupt()
                interrupt.route(InterruptMessage(address: 0xfee0_0000, data: UInt32(32 + index)))
                return interrupt
            }
            #expect(interrupts.allSatisfy { $0.eventDescriptor != nil })
            #expect(Set(interrupts.compactMap { $0.eventDescriptor }).count == 60)
        }
    }

    @Test("An interrupt line reaches the I/O APIC, and reset masks every pin") func lineAndReset() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        // I/O APIC: register 0x10 + 2 × 4 (pin 4) = vector 0x31, edge, unmasked
        let programPin: [UInt8] = [
            0xb9, 0x00, 0x00, 0xc0, 0xfe,  // mov ecx, 0xfec00000
            0xc7, 0x01, 0x18, 0, 0, 0,  // [rcx] = 0x18
            0xc7, 0x41, 0x10, 0x31, 0, 0, 0,  // [rcx + 0x10] = 0x31
        ]
        let machine = guest.machine
        guest.recorder.whenSignalled { InterruptLine(number: 4, controller: machine).pulse() }
        try guest.enter64(programPin + Self.waitForVector + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [1])

        machine.reset()
        try guest.cpu.reset()
        let readPin: [UInt8] = [
            0xb9, 0x00, 0x00, 0xc0, 0xfe, 0xc7, 0x01, 0x18, 0, 0, 0,
            0x8b, 0x41, 0x10,  // mov eax, [rcx + 0x10]
            0x89, 0x04, 0x25, 0x00, 0x06, 0, 0,  // mov [0x600], eax
        ]
        try guest.enter64(readPin + VirtualCPUTests.finish())
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.memory.load(GuestAddress(0x600), as: UInt32.self) == 0x1_0000)
    }

    @Test("kvm-clock stands still while the machine is paused") func clock() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        func hostTime() -> UInt64 {
            var time = timespec()
            _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        guest.machine.pause()
        let atPause = try #require(guest.machine.clockNanoseconds)
        let pauseBegan = hostTime()
        while hostTime() - pauseBegan < 20_000_000 {}
        let resumeBegan = hostTime()
        guest.machine.resume()
        let afterwards = try #require(guest.machine.clockNanoseconds)
        // All that passed on kvm-clock is what passed since the resume (and a clock's rounding).
        #expect(afterwards <= atPause + (hostTime() - resumeBegan) + 1_000_000)
    }

    @Test("Read-only memory is read directly, and writes to it reach the bus") func readOnly() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        let range = try #require(GuestRange(start: GuestAddress(0xe000_0000), count: 0x1000))
        let region = try MemoryRegion(range, backing: .anonymous)
        try guest.machine.map(region, readOnly: true)
        let scratch = Scratch()
        guest.buses.memory.map(range, name: "flash", to: scratch)
        try GuestMemory([region]).write([0x42], at: range.start)
        // mov ebx, 0xe0000000; mov byte [rbx + 1], 5; mov al, [rbx]; out 0xf4, al; hlt
        try guest.enter64([0xbb, 0, 0, 0, 0xe0, 0xc6, 0x43, 0x01, 0x05, 0x8a, 0x03, 0xe6, 0xf4, 0xf4])
        #expect(guest.cpu.run() == .interrupted)
        #expect(guest.recorder[0xf4] == [0x42])
        #expect(scratch.writes == [Access(offset: 1, width: .one)])
        try guest.machine.unmap(region)
        try guest.machine.unmap(region)
    }

    @Test("Forty machines leave no descriptor behind") func noLeak() throws {
        func open() -> Int {
            guard let directory = unsafe opendir("/proc/self/fd") else { return -1 }
            defer { unsafe closedir(directory) }
            var count = 0
            while let entry = unsafe readdir(directory) {
                // d_name is a tuple of 256 characters, ended by a zero.
                let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                var target = [UInt8](repeating: 0, count: 64)
                let length = unsafe target.withUnsafeMutableBytes { buffer in
                    guard let start = buffer.baseAddress else { return 0 }
                    return unsafe readlink("/proc/self/fd/\(name)", start, buffer.count)
                }
                // Only KVM's: other suites open and close files at the same time.
                if String(decoding: target.prefix(max(0, length)), as: UTF8.self).contains("kvm") { count += 1 }
            }
            return count
        }
        let before = open()
        for _ in 0..<40 {
            let guest = try Guest(2)
            try guest.placeAtReset(VirtualCPUTests.finish())
            #expect(try guest.machine.makeMessageInterrupt().eventDescriptor != nil)
            #expect(guest.cpu.run() == .interrupted)
            guest.recorder.detach()
        }
        // Other suites have machines of their own for a moment; a descriptor that each of ours left would make forty.
        #expect(open() - before < 40)
    }

    @Test("Too many vCPUs are refused with the limit") func limit() throws {
        let guest = try Guest()
        defer { guest.recorder.detach() }
        #expect(guest.machine.maximumVirtualCPUs <= 255)
        #expect(throws: HypervisorError.self) { try guest.machine.makeVirtualCPU(255, buses: guest.buses) }
        #expect(throws: HypervisorError.self) { try guest.machine.makeVirtualCPU(-1, buses: guest.buses) }
    }
}

@Suite("Opening KVM") struct KVMSystemTests {
    @Test("A missing device is named, with what to do") func missing() {
        let error = #expect(throws: HypervisorError.self) { try KVMSystem.open("/nonexistent/kvm") }
        #expect(error?.description.contains("no KVM at /nonexistent/kvm") == true)
        #expect(error?.description.contains("-accel qtest") == true)
    }

    @Test("Another device is not taken for KVM") func foreign() {
        let error = #expect(throws: HypervisorError.self) { try KVMSystem.open("/dev/null") }
        #expect(error?.description == "/dev/null is not a KVM device; name the host's /dev/kvm.")
    }
}
