internal import Glibc

/// The host's pool of huge pages of one size: what hugetlbfs has.
struct HugePages {
    let size: UInt64

    /// The sizes that this host has pools of, ascending.
    static var sizes: [UInt64] {
        HostFile.names(in: "/sys/kernel/mm/hugepages").compactMap { name in
            guard name.hasPrefix("hugepages-"), name.hasSuffix("kB") else { return nil }
            return UInt64(name.dropFirst(10).dropLast(2)).map { $0 << 10 }
        }.sorted()
    }

    /// The size that is used if none is named: Hugepagesize of /proc/meminfo.
    static var standardSize: UInt64? { HostFile.meminfo("Hugepagesize") }

    private func number(_ name: String) -> UInt64 {
        HostFile.number("/sys/kernel/mm/hugepages/hugepages-\(size >> 10)kB/\(name)") ?? 0
    }

    /// Pages that a new mapping can have: the free ones that none waits for, and those the kernel may make on demand.
    var available: UInt64 {
        let free = number("free_hugepages")
        let reserved = number("resv_hugepages")
        let onDemand = number("nr_overcommit_hugepages")
        let surplus = number("surplus_hugepages")
        return (free > reserved ? free - reserved : 0) + (onDemand > surplus ? onDemand - surplus : 0)
    }

    /// Refuses a page size that the host does not have, and a size that is not made of such pages.
    func check(size count: UInt64) throws(MemoryError) {
        guard HugePages.sizes.contains(size) else { throw .noSuchHugePages(size: size, present: HugePages.sizes) }
        guard count % size == 0 else { throw .notWholePages(count: count, pageSize: size) }
    }

    /// The error for `count` bytes that the pool does not have.
    func shortage(of count: UInt64) -> MemoryError {
        .tooFewHugePages(size: size, needed: count / size, available: available)
    }
}

extension HostMemory {
    /// The size of the host's huge pages if none is named, as memfd_create(2) takes it.
    package static var standardHugePageSize: UInt64 { HugePages.standardSize ?? hugePageSize }
}
