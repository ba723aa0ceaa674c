/// Page tables that map the first 4 GiB to themselves, for entry in long mode.
///
/// The 64-bit boot protocol asks that kernel, boot parameters and command line are mapped; the planner keeps all three
/// below 4 GiB. Pages are 2 MiB: 1 GiB pages would save four tables, but not every processor model offers them.
/// They are for supervisor mode only: a kernel that turns SMEP on before it has its own tables goes on running.
enum IdentityPageTables {
    private static let tableSize = 4096
    private static let directories = 4
    /// And writable.
    private static let present: UInt64 = 1 << 0 | 1 << 1
    private static let largePage: UInt64 = 1 << 7

    /// The tables' bytes, to be placed at `base`: PML4, page-directory-pointer table, page directories.
    static func bytes(at base: UInt64) -> [UInt8] {
        var tables = BootStructure(size: (2 + directories) * tableSize)
        let pointers = base + UInt64(tableSize)
        tables.put(pointers | present, at: 0)
        for directory in 0..<directories {
            let offset = (2 + directory) * tableSize
            tables.put(base + UInt64(offset) | present, at: tableSize + directory * 8)
            for page in 0..<512 {
                let address = UInt64(directory) << 30 | UInt64(page) << 21
                tables.put(address | largePage | present, at: offset + page * 8)
            }
        }
        return tables.bytes
    }
}
