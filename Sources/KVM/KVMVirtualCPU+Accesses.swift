internal import CLinux
internal import Bus
internal import Hypervisor
internal import Memory

/// Exits that are accesses: the data path. No allocation, no lock of our own.
extension KVMVirtualCPU {
    /// Port I/O. `INS` and `OUTS` with a repeat prefix come with several elements at once.
    func servePorts(_ exit: apus_kvm_port_exit) {
        guard let width = AccessWidth(rawValue: exit.size) else { return }
        let port = GuestAddress(UInt64(exit.port))
        // The kernel says where in the shared area the elements are, and has made room for all of them.
        var data = Int(exit.data)
        for _ in 0..<exit.count {
            if exit.is_write != 0 {
                buses.ports.write(load(data, width), to: port, width)
            } else {
                store(buses.ports.read(port, width), data, width)
            }
            data += Int(width.count)
        }
    }

    /// Memory-mapped I/O, of 1 to 8 bytes. KVM splits what crosses a page, so odd lengths occur; a device sees them as
    /// the widest accesses that fit.
    func serveMemory(_ exit: apus_kvm_memory_exit) {
        guard exit.length >= 1, exit.length <= 8 else { return }
        var done: UInt64 = 0
        while done < exit.length {
            let width = KVMVirtualCPU.widest(UInt64(exit.length) - done)
            let address = GuestAddress(exit.address &+ done)
            let place = Int(exit.data) + Int(done)
            if exit.is_write != 0 {
                buses.memory.write(load(place, width), to: address, width)
            } else {
                store(buses.memory.read(address, width), place, width)
            }
            done += width.count
        }
    }

    private static func widest(_ count: UInt64) -> AccessWidth {
        if count >= 8 { return .eight }
        if count >= 4 { return .four }
        return count >= 2 ? .two : .one
    }

    /// The value at an offset of the shared area.
    private func load(_ offset: Int, _ width: AccessWidth) -> UInt64 {
        let data = unsafe UnsafeRawPointer(area) + offset
        return switch width {
        case .one: unsafe UInt64(data.load(as: UInt8.self))
        case .two: unsafe UInt64(UInt16(littleEndian: data.loadUnaligned(as: UInt16.self)))
        case .four: unsafe UInt64(UInt32(littleEndian: data.loadUnaligned(as: UInt32.self)))
        case .eight: unsafe UInt64(littleEndian: data.loadUnaligned(as: UInt64.self))
        }
    }

    private func store(_ value: UInt64, _ offset: Int, _ width: AccessWidth) {
        let data = unsafe UnsafeMutableRawPointer(area) + offset
        switch width {
        case .one: unsafe data.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case .two: unsafe data.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
        case .four: unsafe data.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
        case .eight: unsafe data.storeBytes(of: value.littleEndian, as: UInt64.self)
        }
    }
}
