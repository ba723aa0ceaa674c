/// Tables at their addresses, ready to be copied into guest memory.
package struct PlacedTables: Sendable, Equatable {
    /// The guest-physical address of the root pointer, to be passed to the kernel.
    package let rsdpAddress: UInt64
    /// The guest-physical address of the first byte.
    package let address: UInt64
    package let bytes: [UInt8]
}

extension TableSet {
    /// Lays the tables out from the start of `space`, and fills in their pointers and checksums.
    ///
    /// The RSDP comes first, so a space from 0xE0000 to 0x100000 also suits a kernel that searches for it. Throws if
    /// the space is too small, not aligned for every table, or above what a 32-bit pointer reaches.
    package func placed(in space: Range<UInt64>) throws(ACPIError) -> PlacedTables {
        let alignment = tables.reduce(1) { max($0, $1.alignment) }
        guard space.lowerBound % UInt64(alignment) == 0 else {
            throw .misalignedSpace(space, alignment: alignment)
        }
        let (starts, end) = offsets
        guard UInt64(end) <= space.upperBound - space.lowerBound else {
            throw .tablesTooLarge(size: end, space: space)
        }

        // Nothing here can overflow: every start is less than `end`, which was just seen to fit.
        let addresses = starts.map { space.lowerBound + UInt64($0) }
        var placed = tables
        for fixup in fixups {
            let address = addresses[fixup.target]
            guard fixup.width == 8 || address <= UInt64(UInt32.max) else {
                throw .unreachableTable(tables[fixup.target].signature, address: address)
            }
            placed[fixup.table].fill(at: fixup.offset, width: fixup.width, with: address)
        }

        var bytes = [UInt8](repeating: 0, count: end)
        for (index, start) in starts.enumerated() {
            placed[index].updateChecksums()
            bytes.replaceSubrange(start..<start + placed[index].bytes.count, with: placed[index].bytes)
        }
        return PlacedTables(rsdpAddress: space.lowerBound, address: space.lowerBound, bytes: bytes)
    }
}
