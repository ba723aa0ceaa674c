import Bus
import Support

/// A well-formed request for each kind of device: buffers at 1 MiB, which every device answers.
enum SampleRequest {
    static let base: UInt64 = 1 << 20
    static let status: UInt64 = base + 0x2000

    static func buffers(_ kind: TestKind, _ guest: any GuestAccess) -> [VirtioGuestQueue.Buffer] {
        switch kind {
        case .block: block(guest, type: 0, sector: 1, [.writable(base + 0x1000, 512)])
        case .entropy: [.writable(base, 64)]
        }
    }

    /// Header, data, status; the status byte is set to 0xff first.
    static func block(
        _ guest: any GuestAccess, type: UInt32, sector: UInt64 = 0, _ data: [VirtioGuestQueue.Buffer], slot: UInt64 = 0
    ) -> [VirtioGuestQueue.Buffer] {
        let header = base + slot * 16
        guest.writel(header, type)
        guest.writel(header + 4, 0)
        guest.writeq(header + 8, sector)
        guest.writeb(status + slot, 0xff)
        return [.readable(header, 16)] + data + [.writable(status + slot, 1)]
    }
}
