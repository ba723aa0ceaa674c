import CommandLine
import Configuration
import Testing

@Suite("QEMU's option grammar")
struct GrammarTests {
    private func read(_ text: String, implied: String? = "first") throws -> Properties {
        try OptionText.properties(text, option: "-x", implied: implied)
    }

    @Test("Keys, implied first keys, flags and doubled commas")
    func grammar() throws {
        #expect(try read("a,b=c,d=") == ["first": "a", "b": "c", "d": ""])
        #expect(try read("a,server,nowait") == ["first": "a", "server": "on", "wait": "off"])
        #expect(try read("path=/a,,b,,,x=1") == ["path": "/a,b,", "x": "1"])
        #expect(try read("/a,,b,x") == ["first": "/a,b", "x": "on"])
        #expect(try read("a=b=c,x==") == ["a": "b=c", "x": "="])
        #expect(try read("k=1,k=2") == ["k": "2"])
        #expect(try read("nodelay,nodelay", implied: nil) == ["nodelay": "on"])
    }

    @Test("A comma at the end is nothing")
    func trailingComma() throws {
        #expect(try read("a,b=c,") == ["first": "a", "b": "c"])
        #expect(try read("a,") == ["first": "a"])
    }

    @Test("JSON keeps its types")
    func json() throws {
        let properties = try read(#"{"a": 1, "b": true, "c": [null, 1.5], "d": {"e": "f"}}"#)
        #expect(properties == ["a": 1, "b": true, "c": .list([.null, .real(1.5)]), "d": .object(["e": "f"])])
    }

    @Test("One dash or two, in any order, the last of two winning")
    func order() throws {
        let one = try machine("-m 64 --kernel a -machine q35 -kernel b -machine hpet=off,type=microvm")
        let other = try machine("--machine microvm,hpet=off -kernel b -m 64M")
        #expect(one == other)
    }

    private static let requests: [(String, Invocation)] = [
        ("-h", .help), ("--help -nonsense", .help), ("-m 64 -version", .version), ("-machine help", .machineHelp),
        ("-M ?", .machineHelp), ("-machine q35,help", .machinePropertiesHelp(type: "q35")),
        ("-accel help", .acceleratorHelp),
        ("-cpu help", .cpuHelp), ("-device help", .deviceHelp),
        ("-device virtio-blk-pci,help", .devicePropertiesHelp(driver: "virtio-blk-pci")), ("-object help", .objectHelp),
        ("-object iothread,help", .objectPropertiesHelp(type: "iothread")), ("-netdev help", .networkBackendHelp),
        ("-chardev help", .characterHelp), ("-d help", .logHelp),
    ]

    @Test("Requests for help end the reading", arguments: requests)
    func help(line: String, expected: Invocation) throws { #expect(try CommandLine.parse(words(line)) == expected) }

    @Test("Help shows every option that works, and what is ignored with its reason")
    func helpText() {
        let text = CommandLine.help(program: "apus")
        for option in ["-machine", "-device", "-drive", "-smp", "-qmp", "-D [FILE]", "-name debug-threads=on|off"] {
            #expect(text.contains(option))
        }
        #expect(!text.contains("-vnc"))
        #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 130 })
        #expect(CommandLine.characterHelp.contains("  socket\n"))
    }

    private static let streamCases: [(String, CharacterReference)] = [
        ("stdio", CharacterReference.backend(.stdio(signals: true))), ("null", .backend(.null)), ("none", .none),
        ("pty", .backend(.pty)), ("file:/a,b", .backend(.file(path: "/a,b", appends: false, input: nil))),
        ("chardev:c0", .chardev("c0")), ("mon:stdio", .sharedWithMonitor(.stdio(signals: false))),
        ("unix:/s", .backend(.socket(.init(address: .unix(path: "/s"))))),
        ("unix:/s,server", .backend(.socket(.init(address: .unix(path: "/s"), isServer: true, waits: true)))),
        ("tcp::4444,server=on,wait=off", .backend(.socket(.init(address: .tcp(host: "", port: 4444), isServer: true)))),
        (
            "tcp:[::1]:22,nodelay,reconnect=2",
            .backend(.socket(.init(address: .tcp(host: "::1", port: 22), reconnectDelay: 2, disablesDelay: true)))
        ),
        ("pipe:/p", .backend(.pipe(path: "/p"))), ("ringbuf,size=4k", .backend(.ringBuffer(size: 4096))),
    ]

    @Test("Streams by their short names", arguments: streamCases)
    func streams(text: String, expected: CharacterReference) throws {
        #expect(try CharacterText.reference(text, option: "-serial") == expected)
    }

    @Test("-nographic gives the terminal to the serial port only if nothing else has it")
    func noGraphic() throws {
        #expect(try machine("-nographic").serialPorts == [.sharedWithMonitor(.stdio(signals: false))])
        #expect(try machine("-nographic -serial none").serialPorts == [.none])
        #expect(try machine("-nographic -nodefaults").serialPorts == [])
        #expect(try machine("-nographic -monitor stdio").serialPorts == [])
        #expect(try machine("").serialPorts == [])
    }
}
