import CLinux
import Configuration
import Glibc
import Host
import Machine
import Memory
import Support
import Testing

@Suite("A machine's memory is what the options say")
struct MemoryTests {
    @Test("An object becomes the RAM, and gives it its size if -m says none", arguments: TestedBoard.allCases)
    func object(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest(
            "-machine \(board.rawValue),memory-backend=ram0 -object memory-backend-memfd,id=ram0,size=96M")
        #expect(machine.machine.memory.size == 96 << 20)
        #expect(machine.machine.memory.regions.allSatisfy { $0.fileDescriptor != nil })
        #expect(machine.machine.memoryBackends.map(\.identifier) == ["ram0"])
    }

    @Test("libvirt's words for RAM are taken as they are")
    func libvirt() throws {
        let machine = try MachineUnderTest(
            "-machine pc-q35-7.2,usb=off,dump-guest-core=off,memory-backend=pc.ram -m 64",
            ["-object", #"{"qom-type":"memory-backend-ram","id":"pc.ram","size":67108864}"#])
        let backend = try #require(machine.machine.memoryBackends.first)
        #expect(machine.machine.memoryBackends.count == 1)
        #expect(backend.identifier == "pc.ram" && backend.configuration.isDumped == false)
    }

    @Test("RAM goes on above the hole where it stopped below, in one block", arguments: TestedBoard.allCases)
    func hole(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("-machine \(board.rawValue) -m 4G")
        let regions = machine.machine.memory.regions
        let low: UInt64 = board == .q35 ? 2 << 30 : 3 << 30
        #expect(regions.map(\.range.start.rawValue) == [0, 1 << 32])
        #expect(regions.map(\.range.count) == [low, (4 << 30) - low])
        #expect(regions.map(\.offset) == [0, low])
        #expect(regions[0].memory === regions[1].memory)
    }

    @Test("-mem-path makes RAM a file, -mem-prealloc touches all of it")
    func sugar() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("ram")
        let machine = try MachineUnderTest("-m 32 -mem-path \(path) -mem-prealloc -machine mem-share=on,mem-merge=off")
        let backend = try #require(machine.machine.memoryBackends.first?.configuration)
        #expect(backend.path == path && backend.isPreallocated && backend.isShared && backend.isMergeable == false)
        machine.guest.writeq(0x10_0000, 0x1122_3344)
        let file = try FileDescriptor.open(path, O_RDONLY)
        #expect(try file.bytes(at: 0x10_0000, count: 4) == [0x44, 0x33, 0x22, 0x11])
        // All of it is there: 32 MiB in blocks of 512 bytes.
        #expect(try file.status().st_blocks >= 32 << 11)
    }

    @Test("A machine whose RAM is a file that held something starts, and finds it")
    func content() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("ram")
        do {
            let first = try MachineUnderTest("-m 32 -mem-path \(path) -machine mem-share=on")
            first.guest.writeq(0x10_0000, 42)
        }
        let second = try MachineUnderTest("-m 32 -mem-path \(path)")
        #expect(second.guest.readq(0x10_0000) == 42)
    }

    static let sentences: [(words: String, sentence: String)] = [
        (
            "-machine memory-backend=nothing",
            "There is no memory backend 'nothing'; -machine memory-backend= needs -object memory-backend-ram,id=nothing,size=…."
        ),
        (
            "-object memory-backend-ram,id=ram0,size=64M -machine memory-backend=ram1 -m 64",
            "There is no memory backend 'ram1'; did you mean 'ram0'?"
        ),
        (
            "-object memory-backend-ram,id=m,size=128M -machine memory-backend=m -m 64",
            "-machine memory-backend=m: The object has 128M and -m asks for 64M; they must be equal."
        ),
        (
            "-object memory-backend-ram,id=pc.ram,size=64M -m 64",
            "-object memory-backend-ram: The id 'pc.ram' is that of the machine's RAM; "
                + "-machine memory-backend=pc.ram makes this object the RAM."
        ),
        (
            "-object memory-backend-ram,id=m,size=64M -machine memory-backend=m -m 64 -mem-path /tmp",
            "-mem-path: It and -machine memory-backend= exclude each other."
        ),
        (
            "-object memory-backend-file,id=m,size=64M,mem-path=/bin/true,readonly=on -machine memory-backend=m",
            "-object memory-backend-file,id=m: '/bin/true' has "
        ),
        (
            "-object memory-backend-ram,id=m,size=64M,host-nodes=999,policy=bind -machine memory-backend=m",
            "-object memory-backend-ram,id=m: This host has no NUMA node 999; it has "
        ),
        (
            "-object memory-backend-memfd,id=m,size=64T,hugetlb=on -machine memory-backend=m",
            "-object memory-backend-memfd,id=m: "
        ),
        (
            "-m 64 -mem-path /no/such/place",
            "-mem-path: Cannot use '/no/such/place' as memory: No such file or directory."
        ),
        ("-m 256T", "-m: Cannot allocate 268435456 MiB of guest memory: Cannot allocate memory; a smaller -m may fit."),
        (
            "-object memory-backend-ram,id=m,size=64M,sice=1",
            "-object memory-backend-ram,id=m has no property 'sice'; did you mean 'size'?"
        ),
        ("-m 1G,slots=2,maxmem=2G", "-m slots= and maxmem=: This is not supported by Apus yet."),
    ]

    @Test("What cannot be has its sentence", arguments: sentences)
    func sentence(_ words: String, _ sentence: String) {
        let refusal = MachineUnderTest.refusal(words) ?? "accepted"
        #expect(sentence.hasSuffix(" ") ? refusal.hasPrefix(sentence) : refusal == sentence)
        #expect(refusal.hasSuffix(".") || refusal.hasSuffix("?"))
    }

    @Test("RAM is never read-only")
    func readOnly() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("rom")
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        #expect(ftruncate(file.rawValue, 64 << 20) == 0)
        let object = "-object memory-backend-file,id=m,size=64M,readonly=on,mem-path=\(path)"
        #expect(
            MachineUnderTest.refusal("\(object) -machine memory-backend=m")
                == "-object memory-backend-file,id=m: RAM cannot be readonly=on.")
        #expect(
            MachineUnderTest.refusal("\(object) -m 64 -numa node,memdev=m")
                == "-object memory-backend-file,id=m: RAM cannot be readonly=on.")
        // As long as it is no RAM, it may be.
        #expect(MachineUnderTest.refusal("\(object) -m 64") == nil)
    }
}
