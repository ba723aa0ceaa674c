internal import CLinux
internal import Glibc
internal import Host
internal import Hypervisor

/// An open descriptor of KVM (the system, a virtual machine or a vCPU) and the calls on it.
///
/// A class, so that whoever still calls the kernel through it (a message interrupt, a vCPU) keeps it open. Every call
/// but `KVM_RUN` goes through here and is repeated when a signal interrupts it. From any thread.
final class KVMFile: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// A call with a number, or nothing, for its argument.
    @discardableResult
    func call(_ request: UInt, value: UInt = 0) throws(Errno) -> Int32 {
        try Errno.retry { apus_ioctl_value(descriptor.rawValue, request, value) }
    }

    /// A call with a structure, which the kernel reads, fills, or both.
    @discardableResult
    func call<Argument>(_ request: UInt, with argument: inout Argument) throws(Errno) -> Int32 {
        // The pointer is for the kernel, for the length of the call; the request number carries the structure's size.
        try Errno.retry {
            unsafe withUnsafeMutablePointer(to: &argument) { unsafe apus_ioctl(descriptor.rawValue, request, $0) }
        }
    }

    /// A call with one of KVM's counted tables: a 32-bit count, 32 bits of flags (0), then the entries. The entries
    /// come back as the kernel left them, as many as it says.
    @discardableResult
    func call<Entry>(_ request: UInt, entries: inout [Entry]) throws(Errno) -> Int32 {
        let stride = MemoryLayout<Entry>.stride
        let capacity = entries.count
        // Swift cannot express a flexible array member, so the table is laid out by hand.
        let table = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 + capacity * stride, alignment: 8)
        defer { unsafe table.deallocate() }
        unsafe table.storeBytes(of: UInt32(capacity), toByteOffset: 0, as: UInt32.self)
        unsafe table.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
        for (index, entry) in entries.enumerated() {
            unsafe table.storeBytes(of: entry, toByteOffset: 8 + index * stride, as: Entry.self)
        }
        let result = try Errno.retry { unsafe apus_ioctl(descriptor.rawValue, request, table.baseAddress) }
        let count = unsafe min(capacity, Int(table.load(fromByteOffset: 0, as: UInt32.self)))
        entries = (0..<count).map { unsafe table.load(fromByteOffset: 8 + $0 * stride, as: Entry.self) }
        return result
    }

    /// Whether KVM has a capability, or how much of it; 0 for one that it does not know.
    func capability(_ number: Int32) -> Int32 {
        (try? call(APUS_KVM_CHECK_EXTENSION, value: UInt(number))) ?? 0
    }

    // MARK: Calls whose failure is the user's to read

    /// `call`, saying what was tried when it fails.
    @discardableResult
    func perform(_ action: String, _ request: UInt, value: UInt = 0) throws(HypervisorError) -> Int32 {
        do throws(Errno) { return try call(request, value: value) } catch { throw .failed(to: action, errno: error) }
    }

    /// `call` with a structure, saying what was tried when it fails.
    @discardableResult
    func perform<Argument>(
        _ action: String, _ request: UInt, with argument: inout Argument
    ) throws(HypervisorError) -> Int32 {
        do throws(Errno) { return try call(request, with: &argument) } catch { throw .failed(to: action, errno: error) }
    }
}
