internal import Glibc
internal import Host
internal import Machine

/// A piece of the guest's memory that goes into a file (`memsave`, `pmemsave`).
struct MemoryImage {
    let address: UInt64
    let size: UInt64
    /// May be `/dev/fdset/N`.
    let path: String

    private static let piece: UInt64 = 1 << 20

    /// Writes the file. On the control thread, which does nothing else meanwhile.
    ///
    /// - Parameter read: bytes at an address; nil where not all of them are memory.
    func save(_ machine: Machine, _ read: (UInt64, Int) -> [UInt8]?) throws(QMPError) {
        // Nothing is written unless the end is there as well.
        guard size > 0, !address.addingReportingOverflow(size - 1).overflow, read(address, 1) != nil,
            read(address + (size - 1), 1) != nil
        else { throw outside }
        do throws(Errno) {
            let file = try machine.backEnds.descriptorSets.open(
                path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, mode: 0o600)
            var done: UInt64 = 0
            while done < size {
                guard let bytes = read(address + done, Int(min(size - done, MemoryImage.piece))) else { break }
                try write(bytes, to: file)
                done += UInt64(bytes.count)
            }
            if done == size { return }
        } catch {
            throw QMPError("Cannot write '\(path)': \(error).")
        }
        throw outside
    }

    private func write(_ bytes: [UInt8], to file: borrowing FileDescriptor) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let start = done
            let number = file.rawValue
            // The array outlives the call.
            done += try Errno.retry {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(number, $0.baseAddress.map { unsafe $0 + start }, $0.count - start)
                }
            }
        }
    }

    private var outside: QMPError {
        QMPError(
            "Invalid addr 0x\(MemoryFormat.padded(String(address, radix: 16), 16, with: "0"))/size \(size) specified")
    }
}
