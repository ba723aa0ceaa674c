internal import CLinux
internal import Glibc

/// Sends descriptors along with bytes, as a QMP client does.
package enum DescriptorSender {
    /// Sends `text` with `numbers` as SCM_RIGHTS; whether all of it went.
    package static func send(_ text: String, with numbers: [Int32], over socket: Int32) -> Bool {
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
        var text = Array(text.utf8)
        let count = text.count
        let controlCount = control.count
        // Every pointer points into an array of this function, and the call keeps none.
        return unsafe text.withUnsafeMutableBytes { text in
            var vector = unsafe iovec(iov_base: text.baseAddress, iov_len: count)
            return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                unsafe control.withUnsafeMutableBytes { bytes in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = vector
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = bytes.baseAddress
                    unsafe message.msg_controllen = controlCount
                    return unsafe sendmsg(socket, &message, 0) == count
                }
            }
        }
    }
}
