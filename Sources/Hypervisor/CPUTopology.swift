/// How a machine's processors are grouped: threads in cores, cores in dies, dies in sockets.
///
/// The APIC identifier of a processor is its place in that grouping, one bit field per level, so that a guest finds the
/// groups by shifting (Intel SDM volume 3A §9.9.3; AMD APM volume 3 appendix E.4.6). Where every level but the sockets
/// is a power of two, the identifiers are simply 0, 1, 2, …
package struct CPUTopology: Sendable, Hashable {
    package let sockets: Int
    package let dies: Int
    package let cores: Int
    package let threads: Int

    /// `dies` per socket, `cores` per die, `threads` per core. Nil if one is not between 1 and 4096.
    package init?(sockets: Int, dies: Int = 1, cores: Int, threads: Int) {
        for level in [sockets, dies, cores, threads] where !(1...4096).contains(level) { return nil }
        self.sockets = sockets
        self.dies = dies
        self.cores = cores
        self.threads = threads
    }

    /// One socket of `cores` single-threaded cores (clamped to 1…4096).
    package init(cores: Int) {
        sockets = 1
        dies = 1
        self.cores = min(max(cores, 1), 4096)
        threads = 1
    }

    /// The number of processors with every socket full.
    package var count: Int { sockets * dies * cores * threads }

    /// Where processor number `index` is.
    package struct Position: Sendable, Hashable {
        package let socket: Int
        package let die: Int
        package let core: Int
        package let thread: Int
    }

    /// Processors are counted thread by thread, then core by core.
    package func position(of index: Int) -> Position {
        Position(
            socket: index / (threads * cores * dies), die: index / (threads * cores) % dies,
            core: index / threads % cores, thread: index % threads)
    }

    /// The APIC identifier of processor number `index`, for the MADT and CPUID alike.
    package func apicID(of index: Int) -> UInt32 {
        let place = position(of: index)
        return UInt32(
            truncatingIfNeeded: place.socket << packageShift | place.die << dieShift | place.core << coreShift
                | place.thread)
    }

    /// How far an identifier is shifted right to leave the core, the die and the socket.
    package var coreShift: Int { CPUTopology.bits(threads) }
    package var dieShift: Int { coreShift + CPUTopology.bits(cores) }
    package var packageShift: Int { dieShift + CPUTopology.bits(dies) }

    /// The bits that number `count` things.
    private static func bits(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }
}
