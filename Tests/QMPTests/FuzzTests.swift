import JSON
import QMP
import Support
import Testing

@Suite("Whatever a client sends")
struct FuzzTests {
    private static let seeds = [
        #"{"execute": "query-status"}"#, #"{"execute": "stop", "id": 5}"#, #"{"execute": "cont"}"#,
        #"{"execute": "qom-list-types", "arguments": {"implements": "device", "abstract": true}}"#,
        #"{"execute": "device-list-properties", "arguments": {"typename": "virtio-blk-pci"}}"#,
        #"{"execute": "query-commands", "id": {"a": [1, 2, {"b": null}]}}"#, #"{'execute': 'query-name'}"#,
        #"{"execute": "qmp_capabilities", "arguments": {"enable": []}}"#, #"{"execute": "system_reset"}"#,
        #"[[[[[[[[{"execute": 1e400}]]]]]]]]"#, "\"\\ud800\"", "{\"execute\": \"\u{e9}\u{1f600}\"}",
    ]

    /// A seed with bytes changed, put in, taken out, or cut short; or noise alone.
    private static func input(_ dice: inout MachineDice) -> [UInt8] {
        guard !Int.random(in: 0..<20, using: &dice).isMultiple(of: 20) else {
            return (0..<Int.random(in: 0..<64, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
        }
        var bytes = Array((seeds.randomElement(using: &dice) ?? "").utf8)
        for _ in 0..<Int.random(in: 0..<4, using: &dice) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &dice)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &dice)
            case 1: bytes.insert(Array("{}[]\",:'\\\n\u{0}".utf8).randomElement(using: &dice) ?? 0, at: index)
            case 2: bytes.remove(at: index)
            case 3: bytes.removeSubrange(index...)
            default: bytes.insert(contentsOf: bytes[index...], at: index)
            }
        }
        return Bool.random(using: &dice) ? bytes + [0x0a] : bytes
    }

    @Test("20,000 random inputs are answered in well-formed lines, and the machine is as before")
    func random() throws {
        let machine = try MachineUnderTest("-m 64")
        let monitor = Monitor(machine.machine)
        var dice = MachineDice(seed: 1)
        var client = QMPTestClient(monitor)
        var answers = 0
        for round in 0..<20_000 {
            client.send(Self.input(&dice))
            if round % 50 == 49 {
                let messages = client.take()
                answers += messages.count
                for message in messages {
                    let kinds = ["return", "error", "event", "QMP"].filter { message[$0] != nil }
                    #expect(kinds.count == 1, "\(message)")
                }
                #expect(client.malformed.isEmpty)
                client.session.closed()
                client = QMPTestClient(monitor)
            }
        }
        #expect(answers > 5_000)
        #expect(machine.status == nil)
        #expect(QMPTestClient(monitor).result("query-version") != nil)
    }

    @Test("Nesting beyond reason is refused, not followed")
    func deep() throws {
        let machine = try MachineUnderTest("-m 64")
        let client = QMPTestClient(Monitor(machine.machine))
        client.send([UInt8](repeating: 0x5b, count: 100_000))
        client.send("\n")
        #expect(client.take().first?["error"] != nil)
        #expect(client.result("query-status") != nil)
    }
}
