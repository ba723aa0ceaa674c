import CommandLine
import Configuration
import Testing

@Suite("Kata's and urunc's command lines")
struct KataTests {
    @Test("Kata's microvm reads whole, bare -D and all")
    func stratovirtDriver() throws {
        let result = try machine(
            """
            -name sandbox-1f -uuid c7a5fdbd-edaf-9455-926a-d65c16db1809 -smp 1 -m 2048 -kernel /k
            -append 'root=/dev/vda1 rootflags=data=ordered,errors=remount-ro ro pci=off' -qmp unix:/run/vm/qmp.socket,server,nowait
            -D -disable-seccomp -machine type=microvm,dump-guest-core=off,mem-share=on
            -object rng-random,id=objrng0,filename=/dev/urandom -device virtio-rng-device,rng=objrng0,id=virtio-rng0
            -device virtio-serial-device,id=virtio-serial0
            -chardev socket,id=charconsole0,path=/run/vm/console.sock,server,nowait
            -device virtconsole,chardev=charconsole0,id=virtio-console0,nr=0
            -drive id=rootfs,file=/img,readonly=on,direct=off -device virtio-blk-device,drive=rootfs,id=virtio-blk0
            -device vhost-vsock-device,id=vsock-id,guest-cid=3,vhostfd=3
            -chardev socket,id=virtio_fs,path=/run/vm/virtiofs_kata.socket,server,nowait
            -device vhost-user-fs-device,chardev=virtio_fs,tag=kataShared,id=virtio-fs0
            -netdev tap,id=eth0,fds=4:5 -device virtio-net-device,netdev=eth0,id=eth0,mac=02:00:00:00:00:01
            """)
        #expect(result.machineType == "microvm")
        #expect(result.machineProperties == ["dump-guest-core": "off", "mem-share": "on"])
        #expect(result.memory.size == 2 << 30)
        #expect(result.firmware.commandLine?.hasSuffix("errors=remount-ro ro pci=off") == true)
        #expect(result.process.log == LogConfiguration())
        #expect(result.process.sandbox?.isEnabled == false)
        var drive = DriveConfiguration()
        drive.identifier = "rootfs"
        drive.file = "/img"
        drive.isReadOnly = true
        #expect(result.drives == [drive])
        #expect(result.devices.map(\.driver).first == "virtio-rng-device" && result.devices.count == 7)
        #expect(result.devices[3] == .text("virtio-blk-device", id: "virtio-blk0", ["drive": "rootfs"]))
        let console = SocketConfiguration(address: .unix(path: "/run/vm/console.sock"), isServer: true)
        #expect(result.characters.first?.backend == .socket(console))
        #expect(result.networkBackends.first?.properties == ["fds": "4:5"])
    }

    @Test("Kata's q35 reads whole")
    func qemuDriver() throws {
        let result = try machine(
            """
            -name sandbox-1f,debug-threads=on -uuid c7a5fdbd-edaf-9455-926a-d65c16db1809
            -machine q35,accel=kvm,kernel_irqchip=split,nvdimm=on -cpu host,pmu=off -qmp unix:fd=3,server=on,wait=off
            -m 2048M,slots=10,maxmem=8192M
            -device pci-bridge,bus=pcie.0,id=pci-bridge-0,chassis_nr=1,shpc=off,addr=2,io-reserve=4k,mem-reserve=1m,pref64-reserve=1m
            -device virtio-serial-pci,disable-modern=false,id=serial0 -device virtconsole,chardev=charconsole0,id=console0
            -chardev socket,id=charconsole0,path=/run/console.sock,server=on,wait=off
            -device nvdimm,id=nv0,memdev=mem0,unarmed=on -object memory-backend-file,id=mem0,mem-path=/img,size=128M,readonly=on
            -drive id=image-1,file=/img,aio=threads,format=raw,if=none,readonly=on
            -device virtio-blk-pci,disable-modern=false,drive=image-1,config-wce=off,share-rw=on,serial=image-1
            -device virtio-scsi-pci,id=scsi0,disable-modern=false -object rng-random,id=rng0,filename=/dev/urandom
            -device virtio-rng-pci,rng=rng0 -device pcie-root-port,id=rp1,bus=pcie.0,chassis=0,slot=1,multifunction=off
            -device vhost-vsock-pci,disable-modern=false,vhostfd=4,id=vsock-3,guest-cid=3
            -netdev tap,id=network-0,vhost=on,vhostfds=5,fds=6
            -device driver=virtio-net-pci,netdev=network-0,mac=02:00:00:00:00:01,disable-modern=false,mq=on,vectors=4
            -rtc base=utc,driftfix=slew,clock=host -global kvm-pit.lost_tick_policy=discard -pflash /vars.fd -vga none
            -no-user-config -nodefaults -nographic --no-reboot -kernel /k -initrd /i -append 'tsc=reliable panic=1'
            -object iothread,id=io0 -pidfile /run/pid -smp 1,cores=1,threads=1,sockets=8,maxcpus=8
            """)
        #expect(result.accelerators == [AcceleratorConfiguration(name: "kvm")])
        #expect(result.machineProperties == ["kernel_irqchip": "split", "nvdimm": "on"])
        let socket = SocketConfiguration(address: .descriptor("3"), isServer: true)
        #expect(result.monitors == [MonitorConfiguration(channel: .backend(.socket(socket)))])
        #expect(result.memory == MemoryConfiguration(size: 2 << 30, slots: 10, maximum: 8 << 30))
        #expect(result.clock.driftFix == .slew && result.clock.source == .host)
        #expect(
            result.globals == [GlobalConfiguration(driver: "kvm-pit", property: "lost_tick_policy", value: "discard")])
        #expect(result.drives.map(\.interface) == [DriveConfiguration.Interface.none, .pflash])
        #expect(result.drives.map(\.engine) == [.threads, nil])
        #expect(result.lifecycle.reboot == .shutdown)
        #expect(result.topology.processors == 1 && result.topology.sockets == 8)
        #expect(result.serialPorts.isEmpty)
        #expect(result.devices.last?.driver == "virtio-net-pci")
    }

    @Test("urunc's Linux guest reads whole")
    func urunc() throws {
        let result = try machine(
            """
            -m 256M -L /usr/share/qemu -cpu host -enable-kvm -nographic -vga none
            --sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny -kernel /k -nic none
            -device virtio-blk-pci,id=blk0,drive=hd0,scsi=off -drive format=raw,if=none,id=hd0,file=/b
            -no-reboot -serial stdio -nodefaults -append 'panic=-1 console=ttyS0 root=/dev/vda rw init=/a -- b'
            """)
        #expect(result.machineType == nil)
        #expect(result.accelerators == [AcceleratorConfiguration(name: "kvm")])
        #expect(result.serialPorts == [.backend(.stdio(signals: true))])
        #expect(
            result.process.sandbox?.rules == [
                "obsolete": "deny", "elevateprivileges": "deny", "spawn": "deny", "resourcecontrol": "deny",
            ])
        #expect(result.firmware.commandLine == "panic=-1 console=ttyS0 root=/dev/vda rw init=/a -- b")
    }

    @Test("urunc's mewz guest reads whole")
    func mewz() throws {
        let result = try machine(
            """
            -m 256M -cpu host -enable-kvm -nographic -vga none -M virt -kernel /k
            -device virtio-net-pci,netdev=net0,disable-legacy=on,disable-modern=off
            -netdev tap,script=no,downscript=no,id=net0,ifname=tap0
            -no-reboot -device isa-debug-exit,iobase=0x501,iosize=2 -append x
            """)
        #expect(result.machineType == "virt")
        #expect(result.serialPorts == [.sharedWithMonitor(.stdio(signals: false))])
        #expect(result.devices.last == .text("isa-debug-exit", ["iobase": "0x501", "iosize": "2"]))
    }

    @Test("The network cards of old are refused by name")
    func legacyNetwork() {
        #expect(refusal("-net nic,model=virtio") == "-net nic,model=virtio is not supported by Apus yet.")
        #expect(refusal("-incoming defer") == "-incoming is not supported by Apus yet.")
    }

    @Test("A block node in place of a name reads as QMP sends it")
    func nestedNode() throws {
        let result = try machine(
            "-blockdev '{\"driver\":\"raw\",\"read-only\":true,\"file\":{\"driver\":\"file\",\"filename\":\"/f\"},\"node-name\":\"n\"}'"
        )
        var file = BlockNodeConfiguration(driver: "file")
        file.properties = ["filename": "/f"]
        #expect(result.blockNodes.first?.child("file") == .node(file))
        let dotted = try machine("-blockdev raw,read-only=on,file.driver=file,file.filename=/f,node-name=n")
        #expect(dotted.blockNodes == result.blockNodes)
    }
}
