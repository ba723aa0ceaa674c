import CLinux
import Glibc
import Host
import Support
import Synchronization
import Testing

@Suite struct DescriptorTests {
    @Test("A descriptor is close-on-exec and closed with its owner")
    func ownership() throws {
        let number: Int32
        do {
            let file = try FileDescriptor.open("/dev/null", O_RDWR)
            number = file.rawValue
            #expect(apus_fcntl(number, F_GETFD, 0) & FD_CLOEXEC != 0)
            let copy = try file.duplicate()
            #expect(copy.rawValue != number && apus_fcntl(copy.rawValue, F_GETFD, 0) & FD_CLOEXEC != 0)
        }
        let released = try FileDescriptor.open("/dev/null", O_RDWR).release()
        #expect(apus_fcntl(released, F_GETFD, 0) >= 0)
        close(released)
        #expect(apus_fcntl(released, F_GETFD, 0) < 0)
    }

    @Test("Reads at an offset stop at the end of the file")
    func readFully() throws {
        let directory = try TestPipes.Directory()
        let file = try FileDescriptor.open(directory.file("f"), O_RDWR | O_CREAT)
        #expect(TestPipes.fill(file.rawValue, Array("0123456789".utf8)[...]) == 10)
        #expect(try file.bytes(at: 4, count: 3) == Array("456".utf8))
        #expect(try file.bytes(at: 8, count: 10) == Array("89".utf8))
        #expect(try file.bytes(at: 100, count: 10) == [])
        #expect(throws: Errno.invalid) { try file.bytes(at: .max, count: 1) }
        #expect(try file.status().st_size == 10)
    }

    @Test("An error is the C library's sentence")
    func errno() {
        #expect(Errno.notFound.description == "No such file or directory")
        #expect(throws: Errno.notFound) { _ = try FileDescriptor.open("/nowhere", O_RDONLY) }
    }

    @Test("Descriptors that nobody takes are closed, and too many push out the oldest")
    func passed() throws {
        var numbers: [Int32] = []
        do {
            var passed = PassedDescriptors()
            for _ in 0..<20 {
                let number = try FileDescriptor.open("/dev/null", O_RDONLY).release()
                numbers.append(number)
                passed.add(number)
            }
            #expect(passed.count == PassedDescriptors.limit)
            let oldest = passed.take()?.rawValue
            #expect(oldest != nil)
        }
    }

    @Test("A value under a lock can be waited for")
    func guarded() throws {
        let box = Guarded(0)
        let thread = try Thread(name: "setter") { for _ in 0..<10 { box.update { $0 += 1 } } }
        let value = box.wait { $0 == 10 ? $0 : nil }
        thread.join()
        #expect(value == 10)
    }
}
