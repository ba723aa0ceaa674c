import CLinux
import Glibc
import Host
import Support
import Testing

@Suite("io_uring", .enabled(if: IORing.refusal == nil, "This host refuses io_uring."))
struct IORingTests {
    @Test("A batch is one call, and each request is answered once, with its own result")
    func batch() throws {
        let file = TemporaryFile((0..<8192).map { UInt8(truncatingIfNeeded: $0 / 512) })
        let descriptor = try FileDescriptor.open(file.path, O_RDWR)
        let event = try EventFD()
        var ring = try IORing(depth: 16, event: event)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
        let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 16)
        defer {
            unsafe memory.deallocate()
            unsafe vectors.deallocate()
        }
        for round in 0..<5 {
            for slot in 0..<16 {
                unsafe vectors[slot] = iovec(iov_base: memory + slot * 512, iov_len: 512)
                unsafe ring.prepare(
                    slot: slot, .read, file: descriptor.rawValue, segments: vectors + slot, count: 1,
                    // The last one lies past the end.
                    at: slot == 15 ? 8192 : Int64(slot * 512))
            }
            ring.submit { slot, error in Issue.record("\(slot) was rejected: \(error)") }
            #expect(ring.submitted == 16)
            var results: [Int: Int] = [:]
            while results.count < 16 {
                while let completion = ring.nextCompletion() { results[completion.slot] = completion.result }
                if results.count < 16 { event.waitAndDrain() }
            }
            #expect(results[15] == 0 && (0..<15).allSatisfy { results[$0] == 512 }, "\(round)")
            for slot in 0..<15 { #expect(unsafe memory.load(fromByteOffset: slot * 512, as: UInt8.self) == slot) }
        }
        #expect(ring.nextCompletion() == nil)
    }

    @Test("Writes, a synchronize and a bad descriptor get their results")
    func results() throws {
        let file = TemporaryFile(size: 512)
        let descriptor = try FileDescriptor.open(file.path, O_RDWR)
        let event = try EventFD()
        var ring = try IORing(depth: 4, event: event)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 512)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 7, count: 512)
        var vector = unsafe iovec(iov_base: memory, iov_len: 512)
        defer { unsafe memory.deallocate() }
        unsafe withUnsafePointer(to: &vector) { vector in
            unsafe ring.prepare(slot: 0, .write, file: descriptor.rawValue, segments: vector, count: 1, at: 0)
            unsafe ring.prepare(slot: 1, .synchronize, file: descriptor.rawValue, segments: nil, count: 0, at: 0)
            unsafe ring.prepare(slot: 2, .write, file: -1, segments: vector, count: 1, at: 0)
            var results: [Int: Int] = [:]
            while results.count < 3 {
                ring.submit { slot, error in results[slot] = -Int(error.rawValue) }
                while let completion = ring.nextCompletion() { results[completion.slot] = completion.result }
                if results.count < 3 { event.waitAndDrain() }
            }
            #expect(results == [0: 512, 1: 0, 2: -Int(EBADF)])
        }
        #expect(file.bytes == [UInt8](repeating: 7, count: 512))
    }
}

extension EventFD {
    fileprivate func waitAndDrain() {
        var item = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&item, 1, -1)
        drain()
    }
}
