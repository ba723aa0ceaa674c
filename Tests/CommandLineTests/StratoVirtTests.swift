import CommandLine
import Configuration
import Testing

@Suite("StratoVirt's and qtest's command lines")
struct StratoVirtTests {
    @Test(
        "Each documented form is taken",
        arguments: [
            "-name N", "-machine type=q35,dump-guest-core=on,mem-share=off,accel=kvm:tcg,usb=off",
            "-machine virt,gic-version=3",
            "-smp cpus=4,maxcpus=4,sockets=1,dies=1,clusters=1,cores=4,threads=1", "-cpu host,pmu=on", "-freeze", "-S",
            "-m size=512m", "-m 4G,maxmem=8G", "-object memory-backend-ram,id=m,size=1G,host-nodes=0,policy=bind",
            "-object iothread,id=io1", "-object rng-random,id=r,filename=/dev/urandom",
            "-numa node,nodeid=0,cpus=0-1:4-5,memdev=m -numa dist,src=0,dst=1,val=20", "-mem-path /p -mem-prealloc",
            "-kernel k -append a b=c -initrd i",
            "-qmp unix:/p,server,nowait", "-qmp tcp:127.0.0.1:4444,server,nowait",
            "-chardev socket,path=/p,id=c,server,nowait -mon chardev=c,id=m,mode=control", "-serial stdio",
            "-serial pty",
            "-serial file,path=/log", "-serial socket,path=/s,server,nowait",
            "-serial socket,host=0,port=4321,server,nowait",
            "-serial chardev:c", "-D /log", "-D", "-daemonize -pidfile /p", "-disable-seccomp",
            "-global pcie-root-port.fast-unplug=1", "-smbios type=0,vendor=v", "-boot c", "-sandbox on",
            "-rtc base=localtime",
            "-nographic", "-display none", "-realtime mlock=off", "-overcommit mem-lock=on",
            "-drive id=d,file=/f,if=pflash,unit=0", "-drive id=d,file=/f,format=raw,readonly=off,direct=on,aio=native",
            "-drive file=/f,id=d,throttling.iops-total=1000,discard=unmap,detect-zeroes=unmap,media=cdrom",
            "-chardev stdio,id=c", "-chardev pty,id=c", "-chardev file,id=c,path=/f",
            "-netdev tap,id=n,ifname=tap0,queues=2,vhost=on", "-netdev vhost-user,id=n,chardev=c,queues=2",
            "-device virtio-blk-pci,drive=d,id=b,bus=pcie.0,addr=0x3.0x1,multifunction=on,num-queues=4,queue-size=128",
            "-device virtio-scsi-pci,id=s -device scsi-hd,bus=s.0,scsi-id=0,lun=0,drive=d",
            "-device pcie-root-port,port=0x0,addr=0x1.0x0,bus=pcie.0,id=pcie.1",
            "-device vfio-pci,host=0000:1a:00.3,id=n",
            "-machine microvm, -m 256, -serial stdio",
        ])
    func form(line: String) throws { _ = try machine(line) }

    @Test(
        "What Apus has not is refused by its name",
        arguments: [
            "-trace events", "-battery", "-hardware-signature 7", "-usb", "-vnc :1", "-cameradev v4l2",
            "-incoming file:/d",
            "-display gtk", "-vga std", "-runas u", "-chroot /",
            "-hda x",
            "-chardev vc,id=x", "-serial vc", "-serial udp:1",
        ])
    func notYet(line: String) {
        #expect(refusal(line)?.hasSuffix(" is not supported by Apus yet.") == true)
    }

    @Test("qtest's launch reads whole")
    func qtest() throws {
        let result = try machine(
            """
            -qtest unix:/tmp/S.sock -qtest-log /dev/null -chardev socket,path=/tmp/S.qmp,id=char0
            -mon chardev=char0,mode=control -display none -M q35 -M graphics=off -m 64 -accel kvm -accel qtest
            """)
        #expect(
            result.test
                == TestConfiguration(
                    channel: .backend(.socket(SocketConfiguration(address: .unix(path: "/tmp/S.sock")))),
                    log: "/dev/null"))
        #expect(result.accelerators.map(\.name) == ["kvm", "qtest"])
        #expect(result.machineType == "q35" && result.machineProperties == ["graphics": "off"])
        #expect(result.monitors == [MonitorConfiguration(channel: .chardev("char0"), mode: .control)])
        #expect(result.characters.first?.backend == .socket(SocketConfiguration(address: .unix(path: "/tmp/S.qmp"))))
    }

    @Test("An empty command line is the default machine")
    func empty() throws {
        let result = try machine("")
        #expect(result == MachineConfiguration())
        #expect(result.memory.size == 256 << 20)
    }
}
