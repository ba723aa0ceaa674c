import JSON
import Machine
import QMP
import Support
import Testing

@Suite("A QMP conversation")
struct ConversationTests {
    let machine: MachineUnderTest
    let monitor: Monitor

    init() throws {
        machine = try MachineUnderTest("-m 64")
        monitor = Monitor(machine.machine)
    }

    @Test("It begins with a greeting that names the version and the capabilities")
    func greeting() throws {
        let client = QMPTestClient(monitor, negotiates: false)
        let greeting = try #require(client.take().first?["QMP"])
        #expect(greeting["capabilities"] == [])
        // Kata asks for 5 at least.
        #expect((greeting["version"]?["qemu"]?["major"]?.integerValue ?? 0) >= 5)
        #expect(greeting["version"]?["package"]?.stringValue?.hasPrefix("apus-") == true)
        #expect(client.malformed.isEmpty)
    }

    @Test("Nothing but qmp_capabilities is done before it, and it is done once")
    func negotiation() {
        let client = QMPTestClient(monitor, negotiates: false)
        _ = client.take()
        for name in ["query-status", "quit", "no-such-command"] {
            #expect(client.failure(name)?.errorClass == "CommandNotFound", "\(name)")
        }
        #expect(client.failure("qmp_capabilities", ["enable": ["oob"]])?.errorClass == "GenericError")
        #expect(client.result("qmp_capabilities", ["enable": []]) == [:])
        #expect(client.result("query-status")?["status"] == "running")
        #expect(client.failure("qmp_capabilities")?.errorClass == "CommandNotFound")
        machine.settle()
        #expect(machine.status == nil)
    }

    @Test("No event reaches a client before its negotiation")
    func earlyEvents() {
        let client = QMPTestClient(monitor, negotiates: false)
        _ = client.take()
        machine.machine.stop()
        #expect(client.take() == [])
    }

    @Test(
        "An id of any kind comes back, in replies and in errors",
        arguments: [
            "1", "-7", "2.5", "\"text\"", "null", "true", "[1, [2]]", #"{"a": {"b": []}}"#, "\"\"",
            "9223372036854775807",
        ])
    func identifiers(_ text: String) throws {
        let client = QMPTestClient(monitor)
        let identifier = try JSON.parse(text)
        client.send(#"{"execute": "query-name", "id": \#(text)}"#)
        client.send(#"{"execute": "no-such", "id": \#(text)}"#)
        client.send(#"{"execute": "query-name", "arguments": {"x": 1}, "id": \#(text)}"#)
        let replies = client.take()
        #expect(replies.count == 3)
        for reply in replies { #expect(reply["id"] == identifier) }
    }

    @Test("Without an id there is none in the reply")
    func noIdentifier() {
        let client = QMPTestClient(monitor)
        #expect(client.execute("query-name").last?.objectValue?.members.map(\.name) == ["return"])
        #expect(client.execute("no-such").last?.objectValue?.members.map(\.name) == ["error"])
    }

    @Test("Commands may be pipelined, split at every byte, and need no line break")
    func framing() throws {
        let text =
            #"{"execute":"query-status","id":1}{"execute":"query-name","id":2} {"execute" : "query-uuid", "id": 3}"#
        let whole = QMPTestClient(monitor)
        whole.send(text)
        let expected = whole.take()
        #expect(expected.compactMap { $0["id"]?.integerValue } == [1, 2, 3])
        let split = QMPTestClient(monitor)
        for byte in text.utf8 { split.send([byte]) }
        #expect(split.take() == expected)
        let lines = QMPTestClient(monitor)
        lines.send(text.replacing("}{", with: "}\r\n\r\n{"))
        #expect(lines.take() == expected)
        for client in [whole, split, lines] { #expect(client.malformed.isEmpty) }
    }

    @Test(
        "After garbage comes one error, and the next line is understood",
        arguments: [
            "garbage", "{]", "{\"execute\": }", "\u{1}\u{2}\u{3}", "[1, 2", "}",
            "{\"execute\": \"query-status\", \"execute\": 1}",
            "\"text\" 5", "nul", "{\"a\": \"\\u0000\"}",
        ])
    func recovery(_ garbage: String) throws {
        let client = QMPTestClient(monitor)
        // 0xff ends what may still wait for its end: clients send it for that.
        client.send(Array(garbage.utf8) + [0x0a, 0xff, 0x0a])
        let errors = client.take()
        #expect(!errors.isEmpty)
        for error in errors { #expect(error["error"]?["class"] == "GenericError", "\(error)") }
        client.send(#"{"execute": "query-status", "id": 7}"#)
        #expect(client.take().last?["id"] == 7)
        #expect(client.malformed.isEmpty)
    }

    @Test(
        "Messages that are no commands get an error each",
        arguments: [
            ("5", "QMP input must be a JSON object"), ("[]", "QMP input must be a JSON object"),
            ("{}", "QMP input lacks member 'execute'"),
            (#"{"execute": 5}"#, "QMP input member 'execute' must be a string"),
            (#"{"execute": "query-name", "arguments": []}"#, "QMP input member 'arguments' must be an object"),
            (#"{"execute": "query-name", "extra": 1}"#, "QMP input member 'extra' is unexpected"),
        ])
    func notCommands(_ text: String, _ sentence: String) {
        let client = QMPTestClient(monitor)
        client.send(text + "\n")
        #expect(client.take().map { $0["error"] } == [["class": "GenericError", "desc": .string(sentence)]])
    }

    @Test("Unknown commands, unknown arguments and arguments of a wrong type are told apart")
    func mistakes() {
        let client = QMPTestClient(monitor)
        #expect(client.failure("query-statsu")?.errorClass == "CommandNotFound")
        let unknown = client.failure("query-status", ["verbose": true])
        #expect(unknown?.errorClass == "GenericError" && unknown?.text.contains("verbose") == true)
        let wrong = client.failure("device-list-properties", ["typename": 5])
        #expect(wrong?.errorClass == "GenericError" && wrong?.text.contains("typename") == true)
        let missing = client.failure("device-list-properties")
        #expect(missing?.errorClass == "GenericError" && missing?.text.contains("typename") == true)
        let none = client.failure("device-list-properties", ["typename": "no-such-device"])
        #expect(none?.errorClass == "DeviceNotFound")
        let deep = client.failure("qom-list-types", ["abstract": 1])
        #expect(deep?.errorClass == "GenericError")
    }

    @Test("An event that a command causes is sent before its reply")
    func events() {
        let client = QMPTestClient(monitor)
        func names(_ command: String) -> [String] {
            client.execute(command).map { $0["event"]?.stringValue ?? ($0["return"] != nil ? "reply" : "error") }
        }
        #expect(names("stop") == ["STOP", "reply"])
        #expect(names("stop") == ["reply"])
        #expect(names("cont") == ["RESUME", "reply"])
        #expect(names("cont") == ["reply"])
        #expect(names("system_reset") == ["RESET", "reply"])
        #expect(names("system_powerdown") == ["POWERDOWN", "reply"])
        // quit's own goes out after its reply.
        #expect(names("quit") == ["reply"])
        machine.settle()
        let last = client.take()
        #expect(last.map { $0["event"] } == ["SHUTDOWN"])
        #expect(last.first?["data"] == ["guest": false, "reason": "host-qmp-quit"])
        #expect(machine.status == 0)
    }

    @Test("Events carry their time and data, and every client gets them")
    func eventForm() throws {
        let clients = [QMPTestClient(monitor), QMPTestClient(monitor)]
        machine.guest.outb(0xcf9, 0x06)
        machine.settle()
        for client in clients {
            let event = try #require(client.take().first)
            #expect(event.objectValue?.members.map(\.name) == ["timestamp", "event", "data"])
            #expect(event["event"] == "RESET")
            #expect(event["data"] == ["guest": true, "reason": "guest-reset"])
            #expect((event["timestamp"]?["seconds"]?.integerValue ?? 0) > 0)
            let microseconds = try #require(event["timestamp"]?["microseconds"]?.integerValue)
            #expect((0..<1_000_000).contains(microseconds))
        }
    }

    @Test("What one client negotiates and asks is nothing to the other")
    func twoClients() {
        let first = QMPTestClient(monitor)
        let second = QMPTestClient(monitor, negotiates: false)
        _ = second.take()
        first.send(#"{"execute": "query-na"#)
        #expect(second.failure("query-name")?.errorClass == "CommandNotFound")
        first.send(#"me", "id": "mine"}"#)
        #expect(first.take().last?["id"] == "mine")
        #expect(second.take() == [])
        second.session.closed()
        #expect(first.execute("stop").count == 2)
        #expect(second.take() == [])
    }

    @Test("A client that is gone in the middle of a command leaves no trace")
    func vanished() {
        for cut in 1..<30 {
            let client = QMPTestClient(monitor)
            client.send(Array(#"{"execute": "system_reset"}"#.utf8.prefix(cut)))
            client.session.closed()
            client.send("}")
        }
        // Only whole commands were carried out.
        #expect(machine.events.all.count <= 3)
        #expect(QMPTestClient(monitor).result("query-status")?["running"] == true)
    }

    @Test("cont after the guest's power-off is refused until a reset")
    func shutdown() throws {
        let machine = try MachineUnderTest("-m 64 -no-shutdown")
        let client = QMPTestClient(Monitor(machine.machine))
        machine.guest.outw(0x604, 1 << 13)
        machine.settle()
        #expect(client.take().compactMap { $0["event"]?.stringValue } == ["SHUTDOWN", "STOP"])
        #expect(client.result("query-status") == ["running": false, "singlestep": false, "status": "shutdown"])
        #expect(client.failure("cont")?.errorClass == "GenericError")
        #expect(client.result("system_reset") == [:])
        #expect(client.result("query-status")?["status"] == "paused")
        #expect(client.result("cont") == [:])
        #expect(client.result("query-status")?["status"] == "running")
    }

    @Test("query-status tells every state")
    func states() throws {
        let waiting = try MachineUnderTest("-m 64 -S")
        let client = QMPTestClient(Monitor(waiting.machine))
        #expect(client.result("query-status") == ["running": false, "singlestep": false, "status": "prelaunch"])
        _ = client.execute("cont")
        #expect(client.result("query-status") == ["running": true, "singlestep": false, "status": "running"])
        _ = client.execute("stop")
        #expect(client.result("query-status") == ["running": false, "singlestep": false, "status": "paused"])
    }
}
