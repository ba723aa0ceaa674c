import Glibc
import Host
import JSON
import Machine
import QMP
import Support
import Testing

@Suite("Descriptors that clients pass")
struct DescriptorTests {
    private let scratch: TestPipes.Directory
    private let machine: MachineUnderTest
    private let server: MonitorServer
    private let client: QMPSocketClient

    init() throws {
        scratch = try TestPipes.Directory()
        machine = try MachineUnderTest("-m 64 -qmp unix:\(scratch.file("qmp")),server=on,wait=off")
        server = try MonitorServer(machine.machine)
        client = QMPSocketClient(
            try Socket.connect(to: .unix(path: scratch.file("qmp"))), turning: machine.loop)
        #expect(client.negotiate())
    }

    private func send(_ text: String, _ numbers: [Int32]) -> JSON? {
        #expect(DescriptorSender.send(text, with: numbers, over: client.fileDescriptor))
        return client.reply()
    }

    private func inode(_ number: Int32) -> UInt64 {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Takes a descriptor out of the named ones, and looks what it is.
    private func inode(ofNamed name: String) -> UInt64? {
        guard let file = machine.machine.backEnds.namedDescriptors.take(name) else { return nil }
        return inode(file.rawValue)
    }

    @Test("getfd keeps the descriptor that came with its bytes, without a line break and among other commands")
    func getfd() throws {
        let first = try FileDescriptor.open("/dev/null", O_RDWR)
        let second = try FileDescriptor.open("/dev/zero", O_RDWR)
        #expect(send(#"{"execute":"getfd","arguments":{"fdname":"one"}}"#, [first.rawValue])?["return"] == [:])
        #expect(
            send(#"{"execute":"query-name"}{"execute":"getfd","arguments":{"fdname":"two"}}"#, [second.rawValue])?[
                "return"]
                == [:])
        #expect(client.reply()?["return"] == [:])
        #expect(inode(ofNamed: "one") == inode(first.rawValue) && inode(ofNamed: "two") == inode(second.rawValue))
        // Taken is taken.
        #expect(inode(ofNamed: "one") == nil)
    }

    @Test("Pipelined commands get their descriptors in order, even when one byte carries each ahead of its command")
    func order() throws {
        let files = try ["/dev/null", "/dev/zero"].map { try FileDescriptor.open($0, O_RDWR).release() }
        defer { for file in files { close(file) } }
        for file in files { #expect(DescriptorSender.send(" ", with: [file], over: client.fileDescriptor)) }
        client.send(#"{"execute":"getfd","arguments":{"fdname":"a"}}{"execute":"getfd","arguments":{"fdname":"b"}}"#)
        #expect(client.reply()?["return"] == [:] && client.reply()?["return"] == [:])
        for (name, file) in zip(["a", "b"], files) { #expect(inode(ofNamed: name) == inode(file)) }
    }

    @Test("A name is taken over by a later descriptor, given back by closefd, and not a number")
    func names() throws {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let zero = try FileDescriptor.open("/dev/zero", O_RDWR)
        let get = #"{"execute":"getfd","arguments":{"fdname":"x"}}"#
        #expect(send(get, [null.rawValue])?["return"] == [:])
        #expect(send(get, [zero.rawValue])?["return"] == [:])
        #expect(client.execute("closefd", ["fdname": "x"]) == [:])
        client.send(#"{"execute":"closefd","arguments":{"fdname":"x"}}"#)
        #expect(client.reply()?["error"] == ["class": "GenericError", "desc": "File descriptor named 'x' not found"])
        client.send(get)
        #expect(
            client.reply()?["error"]
                == ["class": "GenericError", "desc": "No file descriptor supplied via SCM_RIGHTS"])
        #expect(
            send(#"{"execute":"getfd","arguments":{"fdname":"7up"}}"#, [null.rawValue])?["error"]?["desc"]
                == "Parameter 'fdname' expects a name not starting with a digit")
    }

    @Test("Sets grow by add-fd, are listed, and shrink by remove-fd")
    func sets() throws {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let first = try #require(send(#"{"execute":"add-fd"}"#, [null.rawValue])?["return"])
        #expect(first["fdset-id"] == 0)
        let second = try #require(
            send(#"{"execute":"add-fd","arguments":{"fdset-id":7,"opaque":"note"}}"#, [null.rawValue])?["return"])
        #expect(second["fdset-id"] == 7)
        let third = try #require(send(#"{"execute":"add-fd","arguments":{"fdset-id":7}}"#, [null.rawValue])?["return"])
        #expect(
            client.execute("query-fdsets") == [
                ["fdset-id": 0, "fds": [["fd": first["fd"] ?? .null]]],
                [
                    "fdset-id": 7,
                    "fds": [["fd": second["fd"] ?? .null, "opaque": "note"], ["fd": third["fd"] ?? .null]],
                ],
            ])
        #expect(client.execute("remove-fd", ["fdset-id": 7, "fd": second["fd"] ?? .null]) == [:])
        #expect(client.execute("query-fdsets")?[1]?["fds"]?.arrayValue?.count == 1)
        #expect(client.execute("remove-fd", ["fdset-id": 7]) == [:])
        #expect(client.execute("remove-fd", ["fdset-id": 0]) == [:])
        #expect(client.execute("query-fdsets") == [])
        client.send(#"{"execute":"remove-fd","arguments":{"fdset-id":7,"fd":5}}"#)
        #expect(
            client.reply()?["error"]
                == ["class": "GenericError", "desc": "File descriptor named 'fdset-id:7, fd:5' not found"])
    }

    @Test("A client that leaves descriptors behind leaks none")
    func leftBehind() throws {
        func count() -> Int {
            var names = 0
            guard let directory = unsafe opendir("/proc/self/fd") else { return -1 }
            while unsafe readdir(directory) != nil { names += 1 }
            unsafe closedir(directory)
            return names
        }
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        // Other tests of this process open and close files meanwhile: hundreds would show all the same.
        let before = count()
        for _ in 0..<300 {
            #expect(
                DescriptorSender.send(
                    " ", with: [null.rawValue, null.rawValue, null.rawValue], over: client.fileDescriptor))
            machine.settle()
        }
        #expect(client.execute("query-status") != nil)
        #expect(count() - before < 300)
    }
}

@Suite("-add-fd")
struct InheritedDescriptorTests {
    /// An open file under a number of its own, inheritable as one that a parent passed is.
    private func inherit(_ path: String, _ flags: Int32) throws -> Int32 {
        let file = try FileDescriptor.open(path, flags)
        return try Errno.check(dup(file.rawValue))
    }

    @Test("A chardev writes through the descriptor of its set, and a log appends to another")
    func characters() throws {
        let scratch = try TestPipes.Directory()
        let output = try inherit(scratch.file("out"), O_WRONLY | O_CREAT)
        let log = try inherit(scratch.file("log"), O_WRONLY | O_CREAT)
        let machine = try MachineUnderTest(
            """
            -m 64 -add-fd set=1,fd=\(output) -add-fd set=2,fd=\(log),opaque=log \
            -chardev file,id=c,path=/dev/fdset/1,append=on,logfile=/dev/fdset/2,logappend=on -serial chardev:c
            """)
        for byte in "hello".utf8 { machine.guest.outb(0x3f8, byte) }
        for name in ["out", "log"] {
            let file = try FileDescriptor.open(scratch.file(name), O_RDONLY)
            #expect(try file.bytes(at: 0, count: 100) == Array("hello".utf8), "\(name)")
        }
        let sets = machine.machine.backEnds.descriptorSets.all
        #expect(sets.map(\.identifier) == [1, 2])
        #expect(sets.last?.members.map(\.opaque) == ["log"])
    }

    @Test("A monitor listens on an inherited socket, and takes the next client when one has left")
    func listeningSocket() throws {
        let scratch = try TestPipes.Directory()
        let address = SocketAddress.unix(path: scratch.file("s"))
        let listener = try SocketListener(address)
        let number = try Errno.check(dup(listener.fileDescriptor))
        let machine = try MachineUnderTest("-m 64 -qmp unix:fd=\(number),server=on,wait=off")
        let server = try MonitorServer(machine.machine)
        for _ in 0..<3 {
            let client = QMPSocketClient(try Socket.connect(to: address), turning: machine.loop)
            #expect(client.negotiate())
            let streams = client.execute("query-chardev")
            #expect(streams?[0]?["label"] == "compat_monitor0" && streams?[0]?["frontend-open"] == true)
        }
        server.close()
    }

    @Test("A disk is the file of its set, with and without the host's cache", arguments: ["writeback", "none"])
    func disk(_ cache: String) throws {
        // On a disk, where O_DIRECT works.
        let image = TemporaryFile(size: 1 << 20)
        let writing = try inherit(image.path, O_RDWR)
        let reading = try inherit(image.path, O_RDONLY)
        let machine = try MachineUnderTest(
            "-m 64 -add-fd set=5,fd=\(reading) -add-fd set=5,fd=\(writing) "
                + "-drive file=/dev/fdset/5,format=raw,if=none,id=d,cache=\(cache) -device virtio-blk-pci,drive=d")
        let block = QMPTestClient(Monitor(machine.machine)).result("query-block")?[0]?["inserted"]
        #expect(block?["file"] == "/dev/fdset/5")
        #expect(block?["image"]?["virtual-size"] == 1_048_576)
    }

    @Test("What is not there is refused: a number, a set, a way of access")
    func refusals() throws {
        #expect(MachineUnderTest.refusal("-m 64 -add-fd set=1,fd=999")?.hasPrefix("-add-fd fd=999: ") == true)
        #expect(
            MachineUnderTest.refusal("-m 64 -chardev file,id=c,path=/dev/fdset/1")
                == "-chardev id=c: Cannot open '/dev/fdset/1' for a character device: No such file or directory.")
        let reading = try inherit("/dev/null", O_RDONLY)
        #expect(
            MachineUnderTest.refusal("-m 64 -add-fd set=1,fd=\(reading) -chardev file,id=c,path=/dev/fdset/1")
                == "-chardev id=c: Cannot open '/dev/fdset/1' for a character device: Permission denied.")
    }
}
