package import CLinux

/// What an asynchronous request to the kernel does.
package enum AIOOperation: Sendable {
    case read, write
    /// Data and the metadata needed to find it, as `fdatasync(2)`.
    case synchronize
}

/// One finished request: bytes moved, or a negated `errno`.
package struct AIOCompletion: Sendable {
    package let slot: Int
    package let result: Int
}

/// A queue of asynchronous file I/O in the kernel: `AIOContext` (`io_submit(2)`) or `IORing` (`io_uring(7)`).
///
/// The caller numbers its requests with slots below the queue's depth; a slot is busy from `prepare` until its
/// completion came out of `nextCompletion` or `submit` rejected it. One thread at a time.
package protocol AIOInterface: ~Copyable {
    /// - Parameters:
    ///   - depth: how many requests may be in flight.
    ///   - event: signalled by the kernel with completions.
    init(depth: Int, event: EventFD) throws(Errno)

    /// Adds a vectored read or write (or a synchronize, without segments) to the batch.
    ///
    /// The segments' memory must stay valid until the completion; the segment array until `submit` took the request.
    mutating func prepare(
        slot: Int, _ operation: AIOOperation, file: Int32, segments: UnsafePointer<iovec>?, count: Int, at offset: Int64
    )

    /// Hands the batch to the kernel: one system call for as much as it takes.
    ///
    /// A request that the kernel will not do at all is given to `rejected`, and its slot is free.
    mutating func submit(_ rejected: (_ slot: Int, _ error: Errno) -> Void)

    /// The next finished request, if there is one.
    mutating func nextCompletion() -> AIOCompletion?
}
