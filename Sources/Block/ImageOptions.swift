/// How an image file is to be used: what `-drive` and `-blockdev` can say about it.
package struct ImageOptions: Sendable, Equatable {
    package enum Engine: Sendable {
        /// The kernel's asynchronous I/O (`aio=native`), which needs `direct`.
        case native
        /// The kernel's newer one (`aio=io_uring`); see `IORing.refusal` before.
        case ring
        /// Blocking calls on a few threads (`aio=threads`).
        case threads
    }

    package enum Discard: Sendable {
        /// Discards are accepted and do nothing (`discard=ignore`).
        case ignore
        /// They give space back to the file system (`discard=unmap`).
        case unmap
    }

    package enum ZeroDetection: Sendable {
        /// Written as they come (`detect-zeroes=off`).
        case off
        /// As `writeZeroes`, which most file systems do without writing (`detect-zeroes=on`).
        case zero
        /// So that their space is given back (`detect-zeroes=unmap`).
        case unmap
    }

    package var isReadOnly = false
    /// Around the host's page cache (`cache.direct=on`).
    package var direct = false
    /// Flushes do nothing (`cache.no-flush=on`): fast, and the disk is lost with the host.
    package var noFlush = false
    package var engine = Engine.threads
    package var discard = Discard.ignore
    /// What becomes of writes that consist of zeros.
    package var detectZeroes = ZeroDetection.off
    /// Where in the file the disk begins, in bytes; a multiple of 512.
    package var offset: UInt64 = 0
    /// How much of the file is the disk, a multiple of 512; nil: all of it from `offset` on.
    package var size: UInt64?
    /// Whether the file is locked against other users; `share-rw=on` and `locking=off` clear it.
    package var isLocked = true

    package init() {}
}
