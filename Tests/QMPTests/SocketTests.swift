import Host
import JSON
import Machine
import QMP
import Support
import Testing

@Suite("Monitors on sockets")
struct SocketTests {
    private let scratch: TestPipes.Directory
    private let machine: MachineUnderTest
    private let server: MonitorServer

    init() throws {
        scratch = try TestPipes.Directory()
        machine = try MachineUnderTest(
            """
            -m 64 -qmp unix:\(scratch.file("one")),server=on,wait=off \
            -chardev socket,id=c,path=\(scratch.file("two")),server=on,wait=off -mon chardev=c,mode=control
            """)
        server = try MonitorServer(machine.machine)
    }

    private func connect(_ name: String = "one") throws -> QMPSocketClient {
        QMPSocketClient(try Socket.connect(to: .unix(path: scratch.file(name))), turning: machine.loop)
    }

    @Test("Two clients on two monitors are served side by side, and both hear of events")
    func two() throws {
        let first = try connect("one")
        let second = try connect("two")
        #expect(first.negotiate() && second.negotiate())
        #expect(first.execute("stop") == [:])
        #expect(second.event("STOP") != nil)
        #expect(second.execute("cont") == [:])
        #expect(first.event("RESUME") != nil)
    }

    @Test("One client after the other is greeted anew")
    func successors() throws {
        for _ in 0..<20 {
            let client = try connect()
            #expect(client.negotiate())
            #expect(client.execute("query-status")?["running"] == true)
        }
    }

    @Test("A client that waits is greeted when the one before it leaves")
    func queue() throws {
        var first: QMPSocketClient? = try connect()
        #expect(first?.negotiate() == true)
        let second = try connect()
        #expect(first?.execute("query-name") != nil)
        first = nil
        #expect(second.negotiate())
    }

    @Test("A client that leaves in the middle of a command, or while its reply is sent, ends nothing")
    func vanishing() throws {
        for text in [
            "", "{", #"{"execute": "qmp_capabilities"}"#, #"{"execute": "qmp_cap"#, "garbage\n",
            #"{"execute": "qmp_capabilities"}{"execute": "query-qmp-schema"}"#,
        ] {
            let client = try connect()
            client.send(text)
            if text.isEmpty { machine.settle() }
        }
        machine.settle()
        let client = try connect()
        #expect(client.negotiate())
        #expect(machine.status == nil)
    }

    @Test("A client that never reads is not read from without end, and holds up nobody")
    func deaf() throws {
        let deaf = try connect("one")
        let other = try connect("two")
        #expect(deaf.negotiate() && other.negotiate())
        let command = Array(#"{"execute": "query-qmp-schema"}"#.utf8)
        var sent = 0
        var idle = 0
        // Until its commands are not taken any more: the sockets' buffers are full, and so is the session's.
        while idle < 50 {
            let count = TestPipes.fill(deaf.fileDescriptor, command[(sent % command.count)...])
            sent += count
            idle = count == 0 ? idle + 1 : 0
            machine.loop.turn(timeout: 0)
            if sent > 64 << 20 { break }
        }
        #expect(sent < 4 << 20)
        #expect(other.execute("query-status")?["running"] == true)
        // Events for it are kept or dropped, never waited for.
        for _ in 0..<100 {
            #expect(other.execute("stop") == [:])
            #expect(other.execute("cont") == [:])
        }
    }

    @Test("A client that sends thousands of commands before it reads gets every reply, in order")
    func pipelined() throws {
        let client = try connect()
        #expect(client.negotiate())
        let count = 2000
        let text = Array((0..<count).map { #"{"execute": "query-qmp-schema", "id": \#($0)}"# }.joined().utf8)
        var sent = 0
        while sent < text.count {
            let done = TestPipes.fill(client.fileDescriptor, text[sent...])
            sent += done
            machine.loop.turn(timeout: 0)
            if done == 0 { break }
        }
        // Read as bytes: parsing so much would take longer than all other tests together. An id is the last member.
        var received = 0
        var tail: [UInt8] = []
        var lines = 0
        let isAll = machine.wait {
            let bytes = TestPipes.drain(client.fileDescriptor)
            if sent < text.count { sent += TestPipes.fill(client.fileDescriptor, text[sent...]) }
            received += bytes.count
            lines += bytes.count { $0 == 0x0a }
            tail = (tail + bytes.suffix(64)).suffix(64)
            return lines == count
        }
        #expect(isAll, "\(lines) replies")
        let last = String(decoding: tail, as: UTF8.self)
        #expect(last.hasSuffix("\"id\": \(count - 1)}\r\n"), "\(last)")
        // More than is ever kept for a client.
        #expect(received > 17 << 20, "\(received) bytes")
    }

    @Test("The last reply and the last event arrive before the stream ends")
    func quit() throws {
        let client = try connect()
        #expect(client.negotiate())
        #expect(client.execute("quit") == [:])
        #expect(client.event("SHUTDOWN")?["reason"] == "host-qmp-quit")
        #expect(machine.status == 0)
        server.close()
        #expect(client.next() == nil)
    }

    @Test("A monitor at no stream is no monitor; one on a chardev that another has is refused")
    func kinds() throws {
        let none = try MachineUnderTest("-m 64 -qmp none")
        #expect(throws: Never.self) { try MonitorServer(none.machine) }
        let taken = try MachineUnderTest("-m 64 -chardev null,id=c -serial chardev:c -mon chardev=c")
        #expect(throws: MachineError.self) { try MonitorServer(taken.machine) }
    }
}
