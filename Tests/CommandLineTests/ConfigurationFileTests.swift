import CommandLine
import Configuration
import Testing

@Suite("-readconfig")
struct ConfigurationFileTests {
    private func parse(_ text: String, _ line: String = "") throws(CommandLineError) -> MachineConfiguration? {
        let arguments = words(line) + ["-readconfig", "f"]
        let invocation = try CommandLine.parse(arguments) { path in
            path == "f" ? .success(text) : .failure(Unreadable("No such file or directory"))
        }
        guard case .run(let configuration) = invocation else { return nil }
        return configuration
    }

    private func refusal(_ text: String) -> String? {
        do throws(CommandLineError) {
            _ = try parse(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("A file of sections is the command line that it spells")
    func equal() throws {
        let text = """
            # a machine

            [machine]
              type = "q35"
              accel = "kvm"
            [memory]
              size = "1G"
            [smp-opts]
            \tcpus = "4"
            \tcores="2"
            [name]
              guest = "a, b"
            [object "io0"]
              qom-type = "iothread"
            [drive "d0"]
              file = "/images/with, comma"
              format = "raw"
              if = "none"
            [device "disk0"]
              driver = "virtio-blk-pci"
              drive = "d0"
              iothread = "io0"
            [chardev "c0"]
              backend = "null"
            [mon "m0"]
              chardev = "c0"
              mode = "control"
            [boot-opts]
              menu = "off"
            [rtc]
              base = "localtime"\r
            """
        let same = try machine(
            """
            -machine type=q35,accel=kvm -m size=1G -smp cpus=4,cores=2 -name 'guest=a,, b' -object iothread,id=io0 \
            -drive 'id=d0,file=/images/with,, comma,format=raw,if=none' -device virtio-blk-pci,id=disk0,drive=d0,iothread=io0 \
            -chardev null,id=c0 -mon chardev=c0,id=m0,mode=control -boot menu=off -rtc base=localtime
            """)
        #expect(try parse(text) == same)
    }

    @Test("It mixes with options, the later one winning")
    func mixed() throws {
        #expect(try parse("[memory]\nsize = \"1G\"\n", "-m 512")?.memory.size == 1 << 30)
        #expect(try parse("[device]\ndriver = \"a\"", "-device b")?.devices.map(\.driver) == ["b", "a"])
        #expect(try parse("") == machine(""))
    }

    @Test(
        "What is wrong is told with its line",
        arguments: [
            ("\n[devise]\n", "In 'f', line 2: There is no section 'devise'; did you mean 'device'?"),
            ("[spice]", "In 'f', line 1: There is no section 'spice'."),
            ("[device\n", "In 'f', line 1: '[device' is neither [name], [name \"id\"] nor key = \"value\"."),
            ("[device x]\n", "In 'f', line 1: '[device x]' is neither [name], [name \"id\"] nor key = \"value\"."),
            (
                "[memory]\nsize = 1G",
                "In 'f', line 2: 'size = 1G' is neither [name], [name \"id\"] nor key = \"value\"."
            ),
            ("[memory]\nsize", "In 'f', line 2: 'size' is neither [name], [name \"id\"] nor key = \"value\"."),
            ("size = \"1G\"", "In 'f', line 1: 'size' stands in no section; a section begins with its [name]."),
            (
                "# x\n[rtc]\nbase = \"never\"\n",
                "In 'f', line 2: -rtc: 'base' takes utc, localtime, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, not 'never'."
            ),
            ("[device \"1\"]\ndriver = \"x\"", nil),
        ] as [(String, String?)])
    func mistakes(_ text: String, _ sentence: String?) {
        if let sentence { #expect(refusal(text) == sentence) } else { #expect(refusal(text) != nil) }
    }

    @Test("A file that cannot be read is told with the reason")
    func unreadable() {
        do throws(CommandLineError) {
            _ = try CommandLine.parse(["-readconfig", "g"]) { _ in .failure(Unreadable("No such file or directory")) }
            Issue.record("It was read.")
        } catch {
            #expect(error.description == "-readconfig cannot read 'g': No such file or directory.")
        }
    }
}
