import CommandLine
import Configuration
import Testing

@Suite("What is wrong is said in one sentence")
struct SentenceTests {
    static let sentences: [(String, String)] = [
        ("-kernal x", "There is no option '-kernal'; did you mean '-kernel'?"),
        ("--smpp 1", "There is no option '--smpp'; did you mean '-smp'?"),
        ("-xyzzyplugh", "There is no option '-xyzzyplugh'; -h lists them."),
        ("-", "'-' is not an option; a disk image is given with -drive file=PATH."),
        ("disk.img", "'disk.img' is not an option; a disk image is given with -drive file=PATH."),
        ("-kernel", "-kernel needs an argument: FILE."),
        ("-kernel ''", "-kernel cannot be read: the path is empty."),
        ("-m ''", "-m cannot be read: it is empty."),
        ("-smp ''", "-smp cannot be read: it is empty."),
        ("-machine accel=", "-machine needs the property 'accel'."),
        ("-qmp mon:stdio", "-qmp cannot be 'mon:stdio': only a serial port shares a monitor's stream."),
        ("-debugcon mon:stdio", "-debugcon cannot be 'mon:stdio': only a serial port shares a monitor's stream."),
        ("-qtest none", "-qtest cannot be 'none': a test needs a stream of its own."),
        ("-m 0", "-m: 'size' takes a size from 32M to 4P, not '0'."),
        ("-m 31", "-m: 'size' takes a size from 32M to 4P, not '31'."),
        ("-m 99999999999999999999", "-m: 'size' takes a size from 32M to 4P, not '99999999999999999999'."),
        ("-m 16384P", "-m: 'size' takes a size from 32M to 4P, not '16384P'."),
        ("-m lots", "-m: 'size' takes a size from 32M to 4P, not 'lots'."),
        ("-m 1G,sluts=1", "-m has no property 'sluts'; did you mean 'slots'?"),
        ("-m 2G,maxmem=1G", "-m: 'maxmem' takes a size from the memory at start, 2G, to 4P, not '1G'."),
        ("-m 2G,slots=1", "-m: 'slots' needs a 'maxmem' above the memory at start."),
        ("-mem-path ''", "-mem-path cannot be read: the path is empty."),
        ("-numa ''", "-numa cannot be read: it is empty."),
        ("-numa knot", "-numa: 'type' takes one of node, dist, cpu, not 'knot'."),
        ("-numa node,cpus=0-x", "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not '0-x'."),
        ("-numa node,cpus=0,cpus=a", "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not 'a list'."),
        ("-smp 0", "-smp: 'cpus' takes a whole number from 1 to 4096, not '0'."),
        ("-smp 10000", "-smp: 'cpus' takes a whole number from 1 to 4096, not '10000'."),
        ("-smp -1", "-smp: 'cpus' takes a whole number from 1 to 4096, not '-1'."),
        ("-smp two", "-smp: 'cpus' takes a whole number from 1 to 4096, not 'two'."),
        ("-smp 4,maxcpus=2", "-smp: 4 processors are more than the maximum of 2."),
        (
            "-smp 3,sockets=2",
            "-smp: 2 sockets × 1 dies × 1 cores × 1 threads make 2 processors, not the 3 asked for."
        ),
        ("-smp 4,corse=2", "-smp has no property 'corse'; did you mean 'cores'?"),
        ("-cpu 'host,\u{1b}[31m=\n,=x'", "-cpu cannot be read: a value has no feature before its '='."),
        ("'-ker\nnel' x", "There is no option '-ker?nel'; did you mean '-kernel'?"),
        ("-uuid 1234", "-uuid cannot be '1234': a UUID is 32 hexadecimal digits, parted by '-' into 8-4-4-4-12."),
        ("-accel warp", "-accel: 'accel' takes kvm or qtest, not 'warp'."),
        ("-accel tcg", "-accel cannot be 'tcg': Apus runs guests with kvm, or with qtest for tests."),
        ("-cpu ''", "-cpu cannot be read: it begins with no model; 'host' is the usual one."),
        ("-cpu host,=on", "-cpu cannot be read: a value has no feature before its '='."),
        ("-name a,debug-threads=maybe", "-name: 'debug-threads' takes on or off, not 'maybe'."),
        ("-device id=x", "-device needs the property 'driver'."),
        (
            "-device virtio-blk-pci,id=7up",
            "-device virtio-blk-pci: '7up' is no valid id; an id is a letter followed by letters, digits, '-', '.' or '_'."
        ),
        ("-device a,=b", "-device cannot be read: a value has no key before its '='."),
        ("-device '{'", "-device: The JSON is malformed at byte 1: string or '}' expected near end of file."),
        ("-device '{\"driver\": 5}'", "-device: 'driver' takes a string, not '5'."),
        (
            "-device '{\"driver\":\"a\",\"driver\":\"b\"}'",
            "-device: The JSON is malformed at byte 22: duplicate object key."
        ),
        ("-device a,id=x -device b,id=x", "There is more than one device with the id 'x'."),
        ("-object iothread", "-object iothread needs the property 'id'."),
        (
            "-object iothread,id=a -object iothread,id=a",
            "There is more than one object with the id 'a'."
        ),
        ("-object x,id=a,b.c=1,b=2", "-object: the keys under 'b' do not make one value."),
        ("-object x,id=a,b.1=1", "-object: the keys under 'b' do not make one value."),
        ("-netdev tap", "-netdev tap needs the property 'id'."),
        (
            "-drive file=a,id=d -blockdev file,node-name=d,filename=b",
            "There is more than one drive or block node with the id 'd'."
        ),
        ("-drive fil=a", "-drive has no property 'fil'; did you mean 'file'?"),
        ("-drive file=a,if=ide", "-drive: 'if' takes none, virtio or pflash, not 'ide'."),
        (
            "-drive file=a,cache=fast",
            "-drive: 'cache' takes writeback, none, writethrough, directsync or unsafe, not 'fast'."
        ),
        ("-drive file=a,aio=native,cache=writeback", "-drive: aio=native needs cache.direct=on (or cache=none)."),
        ("-drive file=a,serial=x", "-drive: 'serial' is a property of the device, as in -device virtio-blk-pci."),
        ("-drive file=a,snapshot=on", "-drive: 'snapshot' is not supported by Apus yet."),
        ("-drive file=a,readonly=perhaps", "-drive: 'readonly' takes on or off, not 'perhaps'."),
        ("-drive file=a,index=1,unit=1", "-drive: 'index' and 'unit' are the same thing said twice."),
        ("-drive id=a,if=none", "-drive needs the property 'file'."),
        ("-drive file=a,media=cdrom,readonly=off", "-drive: 'media=cdrom' is read-only by nature."),
        ("-drive file=a,index=x", "-drive: 'index' takes a whole number from 0 to 255, not 'x'."),
        ("-blockdev file,filename=a", "-blockdev file needs the property 'node-name'."),
        (
            "-blockdev '{\"driver\":\"raw\",\"node-name\":\"n\",\"read-only\":\"x\"}'",
            "-blockdev raw: 'read-only' takes on or off, not 'x'."
        ),
        (
            "-blockdev '{\"driver\":\"raw\",\"node-name\":\"n\",\"file\":7}'",
            "-blockdev raw: 'file' takes a node's name or a node in place, not '7'."
        ),
        (
            "-blockdev raw,node-name=n,cache.direkt=on",
            "-blockdev raw, cache has no property 'direkt'; did you mean 'direct'?"
        ),
        (
            "-blockdev file,node-name=abcdefghijklmnopqrstuvwxyz0123456",
            "-blockdev file: 'node-name' takes at most 31 characters, not 'abcdefghijklmnopqrstuvwxyz0123456'."
        ),
        ("-chardev socket,id=c", "-chardev socket: a socket needs one of 'path', 'fd', or 'host' and 'port'."),
        (
            "-chardev socket,id=c,path=/p,host=h",
            "-chardev socket: a socket needs one of 'path', 'fd', or 'host' and 'port'."
        ),
        ("-chardev socket,id=c,path=/p,wait=off", "-chardev socket: 'wait' is for a server; it needs 'server=on'."),
        (
            "-chardev socket,id=c,host=h,port=99999",
            "-chardev socket: 'port' takes a whole number from 0 to 65535, not '99999'."
        ),
        ("-chardev stdio", "-chardev stdio needs the property 'id'."),
        (
            "-chardev stdoi,id=c",
            "-chardev: 'backend' takes one of file, null, pipe, pty, ringbuf, socket, stdio, not 'stdoi'."
        ),
        ("-chardev file,id=c", "-chardev file needs the property 'path'."),
        ("-chardev ringbuf,id=c,size=3", "-chardev ringbuf: 'size' takes a power of two, not '3'."),
        ("-chardev null,id=c -chardev null,id=c", "There is more than one character stream with the id 'c'."),
        ("-serial tcp:nowhere", "-serial cannot be read: after 'tcp:' stands HOST:PORT."),
        (
            "-serial stdio -monitor stdio",
            "-serial and -monitor both use stdio; only one can (or one -chardev with mux=on)."
        ),
        ("-serial stdio -daemonize", "-serial uses stdio, which a machine started with -daemonize does not have."),
        (
            "-serial mon:chardev:x",
            "-serial cannot be 'mon:chardev:x': after 'mon:' stands a stream of its own, as in mon:stdio."
        ),
        ("-mon id=m", "-mon needs the property 'chardev'."),
        ("-mon c,mode=fast", "-mon: 'mode' takes control or readline, not 'fast'."),
        ("-qmp unix:/p,server,nowiat", "-qmp has no property 'wiat'; did you mean 'wait'?"),
        (
            "-rtc base=2020-02-30",
            "-rtc: 'base' takes utc, localtime, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, not '2020-02-30'."
        ),
        ("-boot order=zz", "-boot: 'order' takes letters from 'a' to 'p', each once, not 'zz'."),
        ("-fw_cfg name=opt/x", "-fw_cfg: exactly one of 'file' and 'string' is needed."),
        ("-fw_cfg a,string=1 -fw_cfg a,string=2", "There is more than one fw_cfg file with the id 'a'."),
        ("-smbios vendor=x", "-smbios needs the property 'type'."),
        ("-smbios type=200", "-smbios: 'type' takes a whole number from 0 to 127, not '200'."),
        ("-global nonsense", "-global needs the property 'driver'."),
        ("-action reboot=explode", "-action: 'reboot' takes reset or shutdown, not 'explode'."),
        ("-sandbox perhaps", "-sandbox: 'enable' takes on or off, not 'perhaps'."),
        ("-add-fd fd=2,set=1", "-add-fd: 'fd' takes a whole number from 3 to 2147483647, not '2'."),
        ("-add-fd fd=5", "-add-fd needs the property 'set'."),
        ("-msg timestump=on", "-msg has no property 'timestump'; did you mean 'timestamp'?"),
        ("-nic user", "-nic user is not supported by Apus yet."),
        ("-audiodev alsa,id=a", "-audiodev alsa,id=a is not supported by Apus yet."),
    ]

    @Test("Each mistake has its sentence", arguments: sentences)
    func sentence(line: String, expected: String) { #expect(refusal(line) == expected) }

    @Test("Every mistake's text is one sentence")
    func form() {
        for (line, _) in Self.sentences {
            let text = refusal(line) ?? ""
            #expect(text.hasSuffix(".") || text.hasSuffix("?"), "\(line)")
            #expect(!text.contains("\n") && !text.contains("  "), "\(line)")
        }
    }
}
