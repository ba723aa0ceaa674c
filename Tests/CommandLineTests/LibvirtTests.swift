import CommandLine
import Configuration
import Testing

@Suite("libvirt's command lines")
struct LibvirtTests {
    @Test("The capability probe reads as a machine without parts")
    func probe() throws {
        let result = try machine(
            """
            -S -no-user-config -nodefaults -nographic -machine none,accel=kvm:tcg
            -qmp unix:/var/lib/libvirt/qemu/qmp-AbC/qmp.monitor,server=on,wait=off
            -pidfile /var/lib/libvirt/qemu/qmp-AbC/qmp.pid -daemonize
            """)
        #expect(result.machineType == "none")
        #expect(result.machineProperties.isEmpty)
        #expect(result.accelerators == [AcceleratorConfiguration(name: "kvm")])
        #expect(result.lifecycle.startsPaused)
        #expect(result.process.daemonizes)
        #expect(result.process.pidFile == "/var/lib/libvirt/qemu/qmp-AbC/qmp.pid")
        #expect(result.serialPorts.isEmpty)
        let socket = SocketConfiguration(
            address: .unix(path: "/var/lib/libvirt/qemu/qmp-AbC/qmp.monitor"), isServer: true)
        #expect(result.monitors == [MonitorConfiguration(channel: .backend(.socket(socket)))])
    }

    @Test("The second probe, for TCG alone, is refused with what there is")
    func tcgProbe() {
        #expect(
            refusal("-S -machine none,accel=tcg -daemonize")
                == "-accel cannot be 'tcg': Apus runs guests with kvm, or with qtest for tests.")
    }

    @Test("A domain's start reads whole")
    func start() throws {
        let result = try machine(Self.domain)
        #expect(result.name == "vm1" && result.namesThreads && result.lifecycle.startsPaused)
        #expect(result.uuid?.description == "c7a5fdbd-edaf-9455-926a-d65c16db1809")
        #expect(result.machineType == "pc-q35-7.2")
        #expect(
            result.machineProperties == [
                "usb": "off", "dump-guest-core": "off", "memory-backend": "pc.ram", "pflash0": "libvirt-pflash0-format",
                "smm": "on", "kernel_irqchip": "split", "hpet": "off",
            ])
        #expect(result.accelerators.map(\.name) == ["kvm"])
        #expect(
            result.processor
                == ProcessorConfiguration(
                    model: "host", features: ["migratable": "on", "vmx": "off", "host-cache-info": "on"]))
        #expect(
            result.memory == MemoryConfiguration(size: 1 << 30, slots: 4, maximum: 4 << 30))
        #expect(result.topology.processors == 2 && result.topology.maximum == 4 && result.topology.sockets == 4)
        #expect(
            result.objects == [
                ObjectConfiguration(
                    type: "memory-backend-ram", identifier: "pc.ram", properties: ["size": 1_073_741_824]),
                ObjectConfiguration(type: "iothread", identifier: "iothread1"),
                ObjectConfiguration(
                    type: "rng-random", identifier: "objrng0", properties: ["filename": "/dev/urandom"]),
            ])
        #expect(result.firmware.commandLine == "console=ttyS0 root=/dev/vda")
        #expect(result.boot.strict && result.clock.base == .utc)
        #expect(result.lifecycle.shutdown == .pause)
        #expect(!result.process.locksMemory)
        #expect(result.serialPorts.isEmpty)
        #expect(
            result.monitors == [
                MonitorConfiguration(identifier: "monitor", channel: .chardev("charmonitor"), mode: .control)
            ])
    }

    @Test("Its block graph, devices and streams keep their types")
    func parts() throws {
        let result = try machine(Self.domain)
        var storage = BlockNodeConfiguration(driver: "file", nodeName: "libvirt-1-storage")
        storage.isAutoReadOnly = true
        storage.discard = .unmap
        storage.cache = CacheConfiguration(isDirect: true)
        storage.properties = ["filename": "/tmp/a b.img", "aio": "native"]
        var format = BlockNodeConfiguration(driver: "raw", nodeName: "libvirt-1-format")
        format.children = [.init("file", .name("libvirt-1-storage"))]
        #expect(result.blockNodes == [storage, format])
        #expect(
            result.devices.first
                == .text(
                    "pcie-root-port", id: "pci.1", bus: "pcie.0",
                    ["port": 8, "chassis": 1, "multifunction": true, "addr": "0x1"]))
        #expect(
            result.devices[1]
                == .text(
                    "virtio-blk-pci", id: "virtio-disk0", bus: "pci.3",
                    [
                        "iothread": "iothread1", "addr": "0x0", "drive": "libvirt-1-format", "bootindex": 1,
                        "write-cache": "on", "serial": "S1",
                    ]))
        #expect(result.devices.last == .text("isa-serial", id: "serial0", ["chardev": "charserial0", "index": 0]))
        #expect(
            result.networkBackends == [
                NetworkBackendConfiguration(
                    type: "tap", identifier: "hostnet0", properties: ["fd": "32", "vhost": true, "vhostfd": "33"])
            ])
        #expect(
            result.characters == [
                CharacterConfiguration(
                    identifier: "charmonitor",
                    backend: .socket(SocketConfiguration(address: .descriptor("31"), isServer: true))),
                CharacterConfiguration(
                    identifier: "charserial0", backend: .pty, log: .init(path: "/dev/fdset/1", appends: true)),
                CharacterConfiguration(
                    identifier: "charserial1", backend: .file(path: "/dev/fdset/0", appends: true, input: nil)),
            ])
        #expect(
            result.process.descriptors == [
                InheritedDescriptorConfiguration(descriptor: 32, set: 0, opaque: "serial0-source")
            ])
    }

    static let domain = """
        -name guest=vm1,debug-threads=on -S
        -object '{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/p/master-key.aes"}'
        -machine pc-q35-7.2,usb=off,dump-guest-core=off,memory-backend=pc.ram,pflash0=libvirt-pflash0-format,smm=on,kernel_irqchip=split
        -accel kvm -cpu host,migratable=on,vmx=off,host-cache-info=on -m size=1048576k,slots=4,maxmem=4194304k
        -object '{"qom-type":"memory-backend-ram","id":"pc.ram","size":1073741824}' -overcommit mem-lock=off
        -smp 2,maxcpus=4,sockets=4,cores=1,threads=1
        -object '{"qom-type":"iothread","id":"iothread1"}' -uuid c7a5fdbd-edaf-9455-926a-d65c16db1809
        -display none -no-user-config -nodefaults -chardev socket,id=charmonitor,fd=31,server=on,wait=off
        -mon chardev=charmonitor,id=monitor,mode=control -rtc base=utc -no-hpet -no-shutdown -boot strict=on
        -kernel /k -initrd /i -append 'console=ttyS0 root=/dev/vda'
        -device '{"driver":"pcie-root-port","port":8,"chassis":1,"id":"pci.1","bus":"pcie.0","multifunction":true,"addr":"0x1"}'
        -blockdev '{"driver":"file","filename":"/tmp/a b.img","aio":"native","node-name":"libvirt-1-storage","cache":{"direct":true,"no-flush":false},"auto-read-only":true,"discard":"unmap"}'
        -blockdev '{"node-name":"libvirt-1-format","read-only":false,"driver":"raw","file":"libvirt-1-storage"}'
        -device '{"driver":"virtio-blk-pci","iothread":"iothread1","bus":"pci.3","addr":"0x0","drive":"libvirt-1-format","id":"virtio-disk0","bootindex":1,"write-cache":"on","serial":"S1"}'
        -netdev '{"type":"tap","fd":"32","vhost":true,"vhostfd":"33","id":"hostnet0"}'
        -device '{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:01:02:03","bus":"pci.1","addr":"0x0"}'
        -add-fd set=0,fd=32,opaque=serial0-source -chardev pty,id=charserial0,logfile=/dev/fdset/1,logappend=on
        -chardev file,id=charserial1,path=/dev/fdset/0,append=on
        -object '{"qom-type":"rng-random","id":"objrng0","filename":"/dev/urandom"}'
        -audiodev '{"id":"audio1","driver":"none"}' -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
        -device '{"driver":"isa-serial","chardev":"charserial0","id":"serial0","index":0}' -msg timestamp=on
        """

    @Test(
        "Each further form of an option is taken",
        arguments: [
            "-machine pc-q35-7.2,usb=off,nvdimm=on,hpet=off -accel kvm -cpu EPYC,svm=on,l3-cache=off,host-phys-bits=on",
            "-m 1024 -smp 4,sockets=4,cores=1,threads=1", "-smp 2,maxcpus=4,sockets=1,dies=2,cores=2,threads=1",
            "-object '{\"qom-type\":\"memory-backend-memfd\",\"id\":\"pc.ram\",\"share\":true,\"prealloc\":true,\"size\":1}'",
            "-object '{\"qom-type\":\"memory-backend-file\",\"id\":\"r\",\"mem-path\":\"/d\",\"share\":true,\"reserve\":false}'",
            "-object '{\"qom-type\":\"rng-builtin\",\"id\":\"objrng0\"}'", "-bios /usr/share/x.fd",
            "-boot strict=on,menu=on,splash-time=3000", "-no-acpi -no-reboot",
            "-blockdev '{\"driver\":\"host_device\",\"filename\":\"/dev/sdb\",\"aio\":\"io_uring\",\"node-name\":\"n\"}'",
            "-blockdev '{\"node-name\":\"f\",\"driver\":\"qcow2\",\"file\":\"s\",\"backing\":null,\"detect-zeroes\":\"unmap\"}'",
            "-device '{\"driver\":\"virtio-net-pci\",\"mq\":true,\"vectors\":6,\"rx_queue_size\":512,\"host_mtu\":9000}'",
            "-netdev '{\"type\":\"vhost-user\",\"chardev\":\"c\",\"id\":\"n\"}'",
            "-device '{\"driver\":\"virtserialport\",\"bus\":\"virtio-serial0.0\",\"nr\":1,\"chardev\":\"c\",\"name\":\"org.x\"}'",
            "-chardev socket,id=c,fd=33,server=on,wait=off", "-chardev socket,id=c,path=/p",
            "-chardev socket,id=c,host=127.0.0.1,port=5555,server=on,wait=off",
            "-smbios type=1,manufacturer=A,product=B",
            "-fw_cfg name=opt/com.x/y,string=hello", "-global driver=cfi.pflash01,property=secure,value=on",
            "-global kvm-pit.lost_tick_policy=delay", "-object secret,id=masterKey0,format=raw,file=/p",
            "-device pcie-root-port,port=8,chassis=1,id=pci.1,bus=pcie.0,multifunction=on,addr=0x1",
            "-netdev tap,fd=30,id=hostnet0,vhost=on,vhostfd=31",
            "-numa node,nodeid=0,cpus=0-1,memdev=ram-node0", "-mem-path /dev/hugepages -mem-prealloc",
        ])
    func form(line: String) throws { _ = try machine(line) }

    @Test(
        "What is not there yet is refused by its name",
        arguments: [
            "-incoming defer"
        ])
    func notYet(line: String) { #expect(refusal(line) == "\(words(line)[0]) is not supported by Apus yet.") }
}
