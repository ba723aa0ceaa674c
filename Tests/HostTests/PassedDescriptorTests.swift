import CLinux
import Glibc
import Host
import Support
import Testing

@Suite struct PassedDescriptorTests {
    /// Sends one byte with `numbers` as SCM_RIGHTS.
    static func send(_ numbers: [Int32], over socket: Int32) -> Bool {
        // A control message by hand: its length, level and type, then the descriptors.
        var control = [UInt8](repeating: 0, count: 16 + (numbers.count * 4 + 7) & ~7)
        unsafe control.withUnsafeMutableBytes { bytes in
            unsafe bytes.storeBytes(of: 16 + numbers.count * 4, as: Int.self)
            unsafe bytes.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            unsafe bytes.storeBytes(of: 1, toByteOffset: 12, as: Int32.self)
            for (index, number) in numbers.enumerated() {
                unsafe bytes.storeBytes(of: number, toByteOffset: 16 + index * 4, as: Int32.self)
            }
        }
        var byte: UInt8 = 42
        let controlCount = control.count
        return unsafe withUnsafeMutablePointer(to: &byte) { pointer in
            var vector = unsafe iovec(iov_base: pointer, iov_len: 1)
            return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                unsafe control.withUnsafeMutableBytes { bytes in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = vector
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = bytes.baseAddress
                    unsafe message.msg_controllen = controlCount
                    return unsafe sendmsg(socket, &message, 0) == 1
                }
            }
        }
    }

    @Test("Descriptors come with their bytes, in order and close-on-exec")
    func receive() throws {
        let (first, second) = try TestPipes.sockets()
        let ours = FileDescriptor(owning: first)
        let theirs = FileDescriptor(owning: second)
        let (reading, writing) = try TestPipes.pipe()
        let reader = FileDescriptor(owning: reading)
        let writer = FileDescriptor(owning: writing)
        #expect(Self.send([reader.rawValue, writer.rawValue], over: theirs.rawValue))

        var passed = PassedDescriptors()
        var buffer = [UInt8](repeating: 0, count: 8)
        let number = ours.rawValue
        let count = try unsafe buffer.withUnsafeMutableBytes {
            try unsafe Socket.receive(number, into: $0, passed: &passed)
        }
        #expect(count == 1 && buffer[0] == 42 && passed.count == 2)
        let one = passed.take()
        let two = passed.take()
        guard let one = one, let two = two else {
            Issue.record("the descriptors did not come")
            return
        }
        #expect(apus_fcntl(one.rawValue, F_GETFD, 0) & FD_CLOEXEC != 0)
        // They are the pipe's two ends.
        #expect(TestPipes.fill(two.rawValue, [7]) == 1)
        #expect(TestPipes.drain(one.rawValue) == [7])
    }
}
