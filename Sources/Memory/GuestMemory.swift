internal import CLinux
package import Host
internal import Glibc
package import Synchronization

/// The guest's RAM: a sorted, immutable set of regions.
///
/// ## The rule
/// A running guest changes its memory under our hands. So nothing here lends out a `Span` or a buffer over guest RAM:
/// there are loads, stores and copies, and whoever judges guest data copies it once and judges the copy. Two doors are
/// left for what cannot be copied: `iovecs`, whose pointers go to the kernel for zero-copy I/O, and `atomic16`, for ring
/// indices.
///
/// Ranges come from guests, so every access is checked; an access that is not entirely RAM does nothing and says so
/// (`nil`, `false` or `MemoryError.notMemory`). An access may cross from one region into an adjacent one.
///
/// Safe from any thread. Copies are not atomic towards the guest, as on real hardware.
@safe
package final class GuestMemory: Sendable {
    /// Sorted by address, without overlaps.
    package let regions: [MemoryRegion]
    /// The same in a form that a lookup walks without reference counting.
    nonisolated(unsafe) private let table: UnsafeMutableBufferPointer<Entry>

    @unsafe private struct Entry {
        let start: UInt64
        let count: UInt64
        let host: UnsafeMutableRawPointer
    }

    package init(_ regions: [MemoryRegion]) throws(MemoryError) {
        let sorted = regions.sorted { $0.range.start < $1.range.start }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.range.overlaps(second.range) {
            throw .overlap(first.range, second.range)
        }
        self.regions = sorted
        unsafe table = .allocate(capacity: sorted.count)
        for (index, region) in sorted.enumerated() {
            let entry = unsafe Entry(start: region.range.start.rawValue, count: region.range.count, host: region.host)
            unsafe table.initializeElement(at: index, to: entry)
        }
    }

    deinit { unsafe table.deallocate() }

    /// The number of bytes in all regions.
    package var size: UInt64 { regions.reduce(0) { $0 + $1.range.count } }

    /// Whether all of it reads as zero at power-on. Not so where a file that held something became RAM.
    package var isZeroAtPowerOn: Bool { regions.allSatisfy(\.memory.isZeroAtPowerOn) }

    package func contains(_ address: GuestAddress, count: UInt64) -> Bool {
        unsafe walk(address, count) { _, _ in }
    }

    // MARK: Values

    /// A little-endian value at any alignment, or nil where there is no RAM.
    package func load<Value: FixedWidthInteger & BitwiseCopyable>(
        _ address: GuestAddress, as type: Value.Type = Value.self
    ) -> Value? {
        guard let host = unsafe pointer(address, count: UInt64(MemoryLayout<Value>.size)) else { return nil }
        return unsafe Value(littleEndian: host.loadUnaligned(as: Value.self))
    }

    /// Stores a value in little-endian order; false where there is no RAM.
    @discardableResult
    package func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at address: GuestAddress) -> Bool {
        guard let host = unsafe pointer(address, count: UInt64(MemoryLayout<Value>.size)) else { return false }
        unsafe host.storeBytes(of: value.littleEndian, as: Value.self)
        return true
    }

    /// A 16-bit cell shared with the guest, for acquiring loads and releasing stores; nil where there is no RAM or the
    /// address is odd. Valid while this memory lives.
    package func atomic16(at address: GuestAddress) -> UnsafePointer<Atomic<UInt16>>? {
        guard address.rawValue & 1 == 0, let host = unsafe pointer(address, count: 2) else { return nil }
        return unsafe UnsafePointer(host.assumingMemoryBound(to: Atomic<UInt16>.self))
    }

    // MARK: Copies

    /// Copies guest bytes out; false, and an untouched buffer, where not all of it is RAM.
    package func copy(from address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard contains(address, count: UInt64(buffer.count)) else { return false }
        var done = 0
        return unsafe walk(address, UInt64(buffer.count)) { host, count in
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
                .copyMemory(from: UnsafeRawBufferPointer(start: host, count: count))
            done += count
        }
    }

    /// Copies bytes in; false, and untouched memory, where not all of it is RAM.
    package func copy(_ buffer: UnsafeRawBufferPointer, to address: GuestAddress) -> Bool {
        guard contains(address, count: UInt64(buffer.count)) else { return false }
        var done = 0
        return unsafe walk(address, UInt64(buffer.count)) { host, count in
            unsafe host.copyMemory(from: buffer.baseAddress.unsafelyUnwrapped + done, byteCount: count)
            done += count
        }
    }

    /// A copy of `count` guest bytes, or nil where not all of them are RAM. Check `count` first: it is allocated.
    package func bytes(at address: GuestAddress, count: Int) -> [UInt8]? {
        guard count >= 0, contains(address, count: UInt64(count)) else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            _ = unsafe copy(from: address, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Writes `bytes` at `address`.
    package func write(_ bytes: [UInt8], at address: GuestAddress) throws(MemoryError) {
        let copied = unsafe bytes.withUnsafeBytes { unsafe copy($0, to: address) }
        guard copied else { throw .notMemory(address: address, count: UInt64(bytes.count)) }
    }

    /// Sets `count` bytes to `value`; false, and untouched memory, where not all of it is RAM.
    package func fill(_ address: GuestAddress, count: UInt64, with value: UInt8) -> Bool {
        guard contains(address, count: count) else { return false }
        return unsafe walk(address, count) { host, count in
            unsafe host.initializeMemory(as: UInt8.self, repeating: value, count: count)
        }
    }

    /// Reads `range.count` bytes of `file` at `offset` straight into guest memory, without a copy in between.
    package func read(_ range: GuestRange, from file: borrowing FileDescriptor, at offset: UInt64) throws(MemoryError) {
        guard contains(range.start, count: range.count) else {
            throw .notMemory(address: range.start, count: range.count)
        }
        var position = offset
        var missing = range.count
        var failure: Errno?
        let descriptor = file.rawValue
        unsafe walk(range.start, range.count) { host, count in
            var done = 0
            while done < count, failure == nil {
                guard let at = off_t(exactly: position) else { return failure = .invalid }
                let got = unsafe pread(descriptor, host + done, count - done, at)
                if got == 0 { return }
                if got < 0 {
                    let error = Errno.current
                    if error != .interrupted { failure = error }
                    continue
                }
                done += got
                position &+= UInt64(got)
                missing -= UInt64(got)
            }
        }
        if let failure { throw .cannotRead(errno: failure) }
        if missing > 0 { throw .endOfFile(missing: missing) }
    }

    // MARK: Pointers, for the kernel

    /// Calls `body` with the host pointer and length of each piece of the range, in order; false, without a call, where
    /// not all of it is RAM. The pointers are for iovecs: hand them to the kernel, do not look through them.
    package func pieces(
        _ address: GuestAddress, count: UInt64, _ body: (UnsafeMutableRawPointer, Int) -> Void
    ) -> Bool {
        unsafe contains(address, count: count) && walk(address, count, body)
    }

    /// The host address of `count` bytes that lie in one region.
    package func pointer(_ address: GuestAddress, count: UInt64) -> UnsafeMutableRawPointer? {
        for index in unsafe 0..<table.count {
            let entry = unsafe table[index]
            let offset = unsafe address.rawValue &- entry.start
            if unsafe offset < entry.count {
                return unsafe count <= entry.count - offset ? entry.host + Int(offset) : nil
            }
        }
        return nil
    }

    /// Visits the pieces of a range; false as soon as a byte of it is not RAM.
    @discardableResult
    private func walk(_ address: GuestAddress, _ count: UInt64, _ body: (UnsafeMutableRawPointer, Int) -> Void) -> Bool {
        var position = address.rawValue
        var rest = count
        for index in unsafe 0..<table.count where rest > 0 {
            let entry = unsafe table[index]
            let offset = unsafe position &- entry.start
            guard unsafe offset < entry.count else { continue }
            let piece = unsafe min(rest, entry.count - offset)
            unsafe body(entry.host + Int(offset), Int(piece))
            rest -= piece
            position &+= piece
        }
        return rest == 0
    }

    /// Puts all of RAM back to the power-on state: pages go back to the host and read as zero (`isZeroAtPowerOn`).
    package func discard() {
        for region in regions { region.discard() }
    }
}
