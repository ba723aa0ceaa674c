import Glibc
import Host
import Memory
import Support
import Testing

@Suite("Host memory is what its backing says")
struct HostMemoryTests {
    static let size: UInt64 = 4 << 20

    /// A guest whose memory is one block at address 0.
    static func guest(_ memory: HostMemory) throws -> GuestMemory {
        try GuestMemory([MemoryRegion(GuestMemoryTests.range(0, memory.size), of: memory)])
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
        #expect(TestPipes.fill(file.rawValue, bytes[...]) == bytes.count)
    }

    static func file(_ path: String, isShared: Bool = true) -> MemoryBacking {
        MemoryBacking(.file(path: path), isShared: isShared)
    }

    @Test("Two regions of one block show its two parts")
    func parts() throws {
        let memory = try HostMemory(size: Self.size, backing: .anonymous)
        let low = try MemoryRegion(GuestMemoryTests.range(0, 3 << 20), of: memory)
        let high = try MemoryRegion(GuestMemoryTests.range(1 << 32, 1 << 20), of: memory, at: 3 << 20)
        let guest = try GuestMemory([high, low])
        _ = guest.store(UInt64(1), at: GuestAddress((3 << 20) - 8))
        _ = guest.store(UInt64(2), at: GuestAddress(1 << 32))
        let whole = try Self.guest(memory)
        #expect(whole.load(GuestAddress((3 << 20) - 8)) == UInt64(1))
        #expect(whole.load(GuestAddress(3 << 20)) == UInt64(2))
        #expect(throws: MemoryError.self) {
            try MemoryRegion(GuestMemoryTests.range(0, 2 << 20), of: memory, at: 3 << 20)
        }
        #expect(throws: MemoryError.self) { try MemoryRegion(GuestMemoryTests.range(0, 1), of: memory, at: .max) }
    }

    @Test(
        "It begins at a multiple of 2 MiB, or of what is asked for, so that huge pages fit",
        arguments: [0, 2 << 20, 1 << 30])
    func alignment(_ alignment: UInt64) throws {
        var backing = MemoryBacking.anonymous
        backing.alignment = alignment
        let region = try MemoryRegion(
            GuestMemoryTests.range(0, 4096), of: HostMemory(size: 4096, backing: backing))
        let address = UInt(bitPattern: unsafe region.host)
        #expect(address % UInt(max(2 << 20, alignment)) == 0)
    }

    @Test("A shared file has what the guest wrote, a private one does not")
    func sharing() throws {
        let directory = try TestPipes.Directory()
        for isShared in [true, false] {
            let path = directory.file("ram-\(isShared)")
            let guest = try Self.guest(HostMemory(size: Self.size, backing: Self.file(path, isShared: isShared)))
            try guest.write(Array("guest".utf8), at: GuestAddress(4096))
            let file = try FileDescriptor.open(path, O_RDONLY)
            // As long as the memory: a byte is left of the two from its last on.
            #expect(try file.bytes(at: Self.size - 1, count: 2).count == 1)
            #expect(try file.bytes(at: 4096, count: 5) == (isShared ? Array("guest".utf8) : [0, 0, 0, 0, 0]))
        }
    }

    @Test("In a directory the file has no name")
    func directory() throws {
        let directory = try TestPipes.Directory()
        let memory = try HostMemory(size: Self.size, backing: Self.file(directory.file("")))
        #expect(memory.fileDescriptor != nil)
        #expect(memory.isZeroAtPowerOn)
        #expect(unsafe rmdir(directory.path) == 0)
        _ = try Self.guest(memory).store(UInt8(1), at: GuestAddress(0))
    }

    @Test(
        "Whoever has the descriptor of shared memory finds the guest's bytes",
        arguments: [MemoryBacking.memfd, MemoryBacking(.anonymous, isShared: true)])
    func descriptor(_ backing: MemoryBacking) throws {
        let memory = try HostMemory(size: Self.size, backing: backing)
        try Self.guest(memory).write([1, 2, 3], at: GuestAddress(4096))
        let number = try #require(memory.fileDescriptor)
        let file = FileDescriptor(owning: try Errno.check(dup(number)))
        #expect(try file.bytes(at: 4096, count: 3) == [1, 2, 3])
    }

    @Test("Nobody can shrink a sealed memfd")
    func seal() throws {
        let memory = try HostMemory(size: Self.size, backing: MemoryBacking(.memfd(isSealed: true), isShared: true))
        let number = try #require(memory.fileDescriptor)
        #expect(ftruncate(number, 0) == -1)
        #expect(ftruncate(number, off_t(Self.size * 2)) == -1)
    }

    @Test(
        "A discarded part is zero, and the rest is as it was",
        arguments: [MemoryBacking.anonymous, .memfd, MemoryBacking(.memfd(isSealed: true))])
    func discard(_ backing: MemoryBacking) throws {
        for threads in [nil, 2] {
            var backing = backing
            backing.preallocationThreads = threads
            let memory = try HostMemory(size: Self.size, backing: backing)
            let low = try MemoryRegion(GuestMemoryTests.range(0, 2 << 20), of: memory)
            let high = try MemoryRegion(GuestMemoryTests.range(2 << 20, 2 << 20), of: memory, at: 2 << 20)
            let guest = try GuestMemory([low, high])
            _ = guest.store(UInt8(1), at: GuestAddress(5000))
            _ = guest.store(UInt8(2), at: GuestAddress(3 << 20))
            high.discard()
            #expect(guest.load(GuestAddress(5000)) == UInt8(1))
            #expect(guest.load(GuestAddress(3 << 20)) == UInt8(0))
        }
    }

    @Test("A file that held something keeps it, also over a reset")
    func content() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("old")
        let old = [UInt8](repeating: 7, count: 8192)
        try Self.write(old, to: path)
        for isShared in [true, false] {
            let memory = try HostMemory(size: 8192, backing: Self.file(path, isShared: isShared))
            #expect(!memory.isZeroAtPowerOn)
            let guest = try Self.guest(memory)
            #expect(!guest.isZeroAtPowerOn)
            guest.discard()
            #expect(guest.bytes(at: GuestAddress(0), count: 8192) == old)
        }
    }

    @Test("The first 2 MiB of a guest stay without huge pages, the rest is offered them")
    func hugePageAdvice() throws {
        let region = try MemoryRegion(GuestMemoryTests.range(0, 8 << 20), backing: .anonymous)
        let base = UInt(bitPattern: unsafe region.host)
        let flags = try HostMemoryTests.mappingFlags(from: base)
        // A kernel without transparent huge pages takes no such advice.
        guard flags.contains(where: { $0.flags.contains("hg") || $0.flags.contains("nh") }) else { return }
        #expect(flags.map(\.count) == [2 << 20, 6 << 20])
        #expect(flags.first?.flags.contains("nh") == true && flags.last?.flags.contains("hg") == true)
    }

    /// All of a file of the kernel's, which tells no size.
    static func content(of path: String) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY)
        return try file.bytes(at: 0, count: 16 << 20)
    }

    /// The adjacent accessible mappings from an address on, with the kernel's VmFlags.
    static func mappingFlags(from start: UInt) throws -> [(count: UInt, flags: [Substring])] {
        var result: [(count: UInt, flags: [Substring])] = []
        var next = start
        var count: UInt?
        for line in try String(decoding: content(of: "/proc/self/smaps"), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            let ends = (words.first ?? "").split(separator: "-").map { UInt($0, radix: 16) }
            if ends.count == 2, let first = ends[0], let last = ends[1] {
                count = first == next && words[1].hasPrefix("rw") ? last - first : nil
                if count != nil { next = last }
            } else if line.hasPrefix("VmFlags:"), let size = count {
                result.append((size, words.dropFirst().map { $0 }))
            }
        }
        return result
    }
}

@Suite("Memory that the host cannot give is refused in one sentence")
struct HostMemoryRefusalTests {
    private static func refusal(_ size: UInt64, _ backing: MemoryBacking) -> MemoryError? {
        do throws(MemoryError) {
            let memory = try HostMemory(size: size, backing: backing)
            try memory.preallocate()
            return nil
        } catch {
            #expect(error.description.hasSuffix("."))
            return error
        }
    }

    @Test("A file that is too small, and one that cannot be")
    func files() throws {
        let directory = try TestPipes.Directory()
        let small = directory.file("small")
        try HostMemoryTests.write([1], to: small)
        #expect(
            Self.refusal(8192, HostMemoryTests.file(small)) == .fileTooSmall(path: small, count: 1, needed: 8192))
        let missing = directory.file("no/such")
        #expect(Self.refusal(8192, HostMemoryTests.file(missing)) == .cannotOpen(path: missing, errno: .notFound))
        #expect(
            Self.refusal(8192, HostMemoryTests.file("/dev/null"))
                == .cannotOpen(path: "/dev/null", errno: Errno(rawValue: ENODEV)))
        var readOnly = HostMemoryTests.file(directory.file("absent"))
        readOnly.isReadOnly = true
        #expect(Self.refusal(8192, readOnly) == .cannotOpen(path: directory.file("absent"), errno: .notFound))
    }

    @Test("Sizes that are not whole pages, or more than an address space")
    func sizes() {
        #expect(Self.refusal(5000, .anonymous) == .notWholePages(count: 5000, pageSize: 4096))
        #expect(Self.refusal(0, .anonymous) == .notWholePages(count: 0, pageSize: 4096))
        for backing in [MemoryBacking.anonymous, .memfd] {
            #expect(Self.refusal(1 << 62, backing) != nil)
            #expect(Self.refusal(UInt64.max & ~4095, backing) != nil)
        }
    }

    @Test("Huge pages of a size that no host has, or more than are free")
    func hugePages() {
        var backing = MemoryBacking.memfd
        backing.hugePageSize = 8192
        guard case .noSuchHugePages(size: 8192, _)? = Self.refusal(8192, backing) else {
            Issue.record("Pages of 8 KiB were found.")
            return
        }
        backing.hugePageSize = HostMemory.standardHugePageSize
        let size = backing.hugePageSize ?? 0
        // More than any pool holds.
        guard case .tooFewHugePages(size, needed: 1 << 20, _)? = Self.refusal(size << 20, backing) else {
            Issue.record("There were \(1 << 20) huge pages.")
            return
        }
        #expect(Self.refusal(size + 4096, backing) == .notWholePages(count: size + 4096, pageSize: size))
    }

    @Test("A node that the host does not have")
    func nodes() {
        var backing = MemoryBacking.anonymous
        backing.policy = MemoryPolicy(.bind, nodes: [0, 999])
        #expect(Self.refusal(8192, backing) == .noSuchNode(999, present: HostNodes().numbers))
    }

    @Test("Preallocation of more than the host has is refused before it begins")
    func preallocation() {
        var backing = MemoryBacking.anonymous
        backing.isReserved = false
        backing.preallocationThreads = 1
        guard case .tooLittleHostMemory(needed: 1 << 46, _)? = Self.refusal(1 << 46, backing) else {
            Issue.record("64 TiB could be preallocated.")
            return
        }
    }

    @Test("What a control group still has is its limit without what it uses, file caches apart; the tightest counts")
    func controlGroup() throws {
        let directory = try TestPipes.Directory()
        func group(_ membership: String) -> ControlGroup? { ControlGroup(root: directory.path, membership: membership) }
        // The files of the group `.` itself, since this directory has no others below it.
        try HostMemoryTests.write(Array("1000000\n".utf8), to: directory.file("memory.max"))
        try HostMemoryTests.write(Array("700000\n".utf8), to: directory.file("memory.current"))
        try HostMemoryTests.write(Array("anon 400000\nfile 300000\n".utf8), to: directory.file("memory.stat"))
        #expect(group("1:cpu:/x\n0::/.\n")?.room == 600_000)
        #expect(group("0::/./no-such-group\n")?.room == 600_000)
        #expect(group("0::/no-such-group\n")?.room == nil)
        #expect(group("1:memory:/x\n") == nil)
        try HostMemoryTests.write(Array("max    \n".utf8), to: directory.file("memory.max"))
        #expect(group("0::/.\n")?.room == nil)
    }

    @Test("A page that a file has not is an error of the preallocation, not a signal")
    func missingPage() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("shrinking")
        var backing = HostMemoryTests.file(path)
        backing.preallocationThreads = 2
        let memory = try HostMemory(size: 8 << 20, backing: backing)
        #expect(unsafe truncate(path, 4096) == 0)
        #expect(throws: MemoryError.cannotPopulate(errno: Errno(rawValue: EFAULT))) { try memory.preallocate() }
    }
}

@Suite("Preallocated and bound memory")
struct PreallocationTests {
    /// How many of the pages of a block are in memory.
    private func present(_ memory: HostMemory) throws -> Int {
        let region = try MemoryRegion(GuestMemoryTests.range(0, memory.size), of: memory)
        var pages = [UInt8](repeating: 0, count: Int(memory.size / 4096))
        #expect(unsafe mincore(region.host, Int(memory.size), &pages) == 0)
        return pages.count { $0 & 1 == 1 }
    }

    @Test("Every page is there before anyone touches it, with any number of threads", arguments: [1, 3, 64])
    func all(_ threads: Int) throws {
        for backing in [MemoryBacking.anonymous, .memfd] {
            var backing = backing
            backing.preallocationThreads = threads
            let memory = try HostMemory(size: 6 << 20, backing: backing)
            #expect(try present(memory) == 0)
            try memory.preallocate()
            #expect(try present(memory) == 6 << 8)
        }
    }

    @Test("Without being asked, none is")
    func none() throws {
        let memory = try HostMemory(size: 6 << 20, backing: .anonymous)
        try memory.preallocate()
        #expect(try present(memory) == 0)
    }

    @Test("An interruption gives it up")
    func interruption() throws {
        var backing = MemoryBacking.anonymous
        backing.preallocationThreads = 2
        let memory = try HostMemory(size: 6 << 20, backing: backing)
        #expect(throws: MemoryError.preallocationInterrupted) { try memory.preallocate { true } }
        #expect(try present(memory) == 0)
    }

    /// Nil where the kernel knows no policies.
    private func bound(_ backing: MemoryBacking) throws(MemoryError) -> HostMemory? {
        do throws(MemoryError) {
            return try HostMemory(size: 4 << 20, backing: backing)
        } catch {
            if case .cannotBind(_, Errno(rawValue: ENOSYS)) = error { return nil }
            throw error
        }
    }

    @Test("The kernel knows the policy of bound memory", arguments: [MemoryPolicy.Mode.bind, .preferred, .interleave])
    func policy(_ mode: MemoryPolicy.Mode) throws {
        var backing = MemoryBacking.anonymous
        let node = try #require(HostNodes().numbers.first)
        backing.policy = MemoryPolicy(mode, nodes: [node])
        guard let memory = try bound(backing) else { return }
        let region = try MemoryRegion(GuestMemoryTests.range(0, memory.size), of: memory)
        let word = mode == .bind ? "bind:\(node)" : mode == .preferred ? "prefer" : "interleave:\(node)"
        let start = String(UInt(bitPattern: unsafe region.host), radix: 16)
        let text = try String(decoding: HostMemoryTests.content(of: "/proc/self/numa_maps"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(start) }
        #expect(line?.contains(word) == true, "\(line ?? "no line")")
    }
}
