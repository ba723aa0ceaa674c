internal import Bus

/// The driver's side of a split queue, in guest memory.
///
/// Well-behaved by `add`; what it builds on (`setDescriptor`, `makeAvailable`, `setAvailableIndex`) lets a test be
/// anything but.
package final class VirtioGuestQueue {
    package struct Buffer {
        package var address: UInt64
        package var count: UInt32
        package var isWritable: Bool

        package static func readable(_ address: UInt64, _ count: UInt32) -> Buffer {
            Buffer(address: address, count: count, isWritable: false)
        }

        package static func writable(_ address: UInt64, _ count: UInt32) -> Buffer {
            Buffer(address: address, count: count, isWritable: true)
        }
    }

    package static let next: UInt16 = 1
    package static let write: UInt16 = 2
    package static let indirect: UInt16 = 4

    package let index: UInt16
    package let size: UInt16
    package let descriptors: UInt64
    package let available: UInt64
    package let used: UInt64
    private let transport: any VirtioGuestTransport
    private var guest: any GuestAccess { transport.guest }

    private var free: [UInt16]
    private var chains: [UInt16: [UInt16]] = [:]
    private var nextAvailable: UInt16 = 0
    private var nextUsed: UInt16 = 0

    /// Places the rings from `base` on, clears them, and sets the queue up.
    ///
    /// They take `VirtioGuestQueue.space(size)` bytes.
    package init(_ transport: any VirtioGuestTransport, index: UInt16 = 0, size: UInt16, at base: UInt64) {
        self.transport = transport
        self.index = index
        self.size = size
        descriptors = base
        available = base + UInt64(size) * 16
        used = (available + 6 + UInt64(size) * 2 + 3) & ~3
        free = Array((0..<size).reversed())
        guest.write([UInt8](repeating: 0, count: Int(Self.space(size))), at: base)
        transport.setUp(index, size: UInt32(size), descriptors: descriptors, available: available, used: used)
    }

    package static func space(_ size: UInt16) -> UInt64 { (UInt64(size) * 26 + 16 + 15) & ~15 }

    // MARK: Requests

    /// Makes a chain available, without a kick; its head, or nil when the table is full.
    @discardableResult
    package func add(_ buffers: [Buffer], indirectAt table: UInt64? = nil) -> UInt16? {
        guard !buffers.isEmpty else { return nil }
        if let table {
            guard let head = free.popLast() else { return nil }
            write(buffers, at: table, indices: (0..<buffers.count).map { UInt16($0) })
            setDescriptor(head, table, UInt32(buffers.count * 16), Self.indirect)
            chains[head] = [head]
            makeAvailable(head)
            return head
        }
        guard free.count >= buffers.count else { return nil }
        let indices = (0..<buffers.count).map { _ in free.removeLast() }
        write(buffers, at: descriptors, indices: indices)
        chains[indices[0]] = indices
        makeAvailable(indices[0])
        return indices[0]
    }

    private func write(_ buffers: [Buffer], at table: UInt64, indices: [UInt16]) {
        for (position, buffer) in buffers.enumerated() {
            let isLast = position == buffers.count - 1
            let flags = (buffer.isWritable ? Self.write : 0) | (isLast ? 0 : Self.next)
            setDescriptor(
                indices[position], buffer.address, buffer.count, flags, next: isLast ? 0 : indices[position + 1],
                in: table)
        }
    }

    package func kick() { transport.notify(index) }

    /// The next finished chain, if there is one.
    package func takeUsed() -> (head: UInt16, written: UInt32)? {
        guard usedIndex != nextUsed else { return nil }
        let entry = used + 4 + UInt64(nextUsed % size) * 8
        let head = UInt16(truncatingIfNeeded: guest.readl(entry))
        nextUsed &+= 1
        free.append(contentsOf: chains.removeValue(forKey: head) ?? [])
        return (head, guest.readl(entry + 4))
    }

    // MARK: Suppression

    /// VIRTQ_AVAIL_F_NO_INTERRUPT.
    package func setNoInterrupt(_ on: Bool) { guest.writew(available, on ? 1 : 0) }

    /// The used index worth an interrupt.
    package func setUsedEvent(_ index: UInt16) { guest.writew(available + 4 + UInt64(size) * 2, index) }

    /// The available index worth a kick.
    package var availableEvent: UInt16 { guest.readw(used + 4 + UInt64(size) * 8) }

    /// VIRTQ_USED_F_NO_NOTIFY.
    package var isNotifySuppressed: Bool { guest.readw(used) & 1 != 0 }

    // MARK: The bare ring

    package var usedIndex: UInt16 { guest.readw(used + 2) }

    package func setDescriptor(
        _ index: UInt16, _ address: UInt64, _ count: UInt32, _ flags: UInt16, next: UInt16 = 0, in table: UInt64? = nil
    ) {
        let entry = (table ?? descriptors) + UInt64(index) * 16
        guest.writeq(entry, address)
        guest.writel(entry + 8, count)
        guest.writew(entry + 12, flags)
        guest.writew(entry + 14, next)
    }

    package func makeAvailable(_ head: UInt16) {
        guest.writew(available + 4 + UInt64(nextAvailable % size) * 2, head)
        nextAvailable &+= 1
        setAvailableIndex(nextAvailable)
    }

    package func setAvailableIndex(_ index: UInt16) { guest.writew(available + 2, index) }
}
