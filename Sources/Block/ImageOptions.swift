/// How an image file is to be used: what `-drive` and `-blockdev` can say about it.
package struct ImageOptions: Sendable, Equatable {
    package enum Engine: Sendable {
        /// The kernel's asynchronous I/O (`aio=native`), which needs `direct`.
        case native
        /// Blocking calls on a few threads (`aio=threads`).
        case threads
    }

    package enum Discard: Sendable {
        /// Discards are accepted and do nothing (`discard=ignore`).
        case ignore
        /// They give space back to the file system (`discard=unmap`).
        case unmap
    }

    package var isReadOnly = false
    /// Around the host's page cache (`cache.direct=on`).
    package var direct = false
    /// Flushes do nothing (`cache.no-flush=on`): fast, and the disk is lost with the host.
    package var noFlush = false
    package var engine = Engine.threads
    package var discard = Discard.ignore
    /// Whether the file is locked against other users; `share-rw=on` and `locking=off` clear it.
    package var isLocked = true

    package init() {}
}
