/// `aio=`: how requests reach the host.
package enum BlockEngine: String, Sendable, CaseIterable { case native, threads, io_uring }

/// `discard=`: whether the guest's discards free space on the host.
package enum DiscardMode: String, Sendable, CaseIterable { case unmap, ignore }

/// `detect-zeroes=`: whether written zeroes become holes.
package enum ZeroDetection: String, Sendable, CaseIterable { case on, off, unmap }

/// `werror=`, `rerror=`.
package enum BlockErrorPolicy: String, Sendable, CaseIterable { case report, ignore, stop, enospc }

/// How the host caches an image.
package struct CacheConfiguration: Sendable, Equatable {
    /// O_DIRECT: past the host's page cache.
    package var isDirect = false
    /// The guest's flushes are not passed on: fast, and lost with the host.
    package var ignoresFlush = false

    package init(isDirect: Bool = false, ignoresFlush: Bool = false) {
        self.isDirect = isDirect
        self.ignoresFlush = ignoresFlush
    }
}

/// `-drive`, `-pflash`: an image and, unless `if=none`, the device it is attached to.
package struct DriveConfiguration: Sendable, Equatable {
    package enum Interface: String, Sendable, CaseIterable { case none, virtio, pflash }
    package enum Media: String, Sendable, CaseIterable { case disk, cdrom }

    /// What a device's `drive=` names.
    package var identifier: String?
    package var file: String?
    /// `nil` when not said: a back end only if a device names the drive, else a virtio disk of its own.
    package var interface: Interface?
    /// `format=`; `nil` asks for a look at the image.
    package var format: String?
    package var isReadOnly = false
    package var cache = CacheConfiguration()
    /// Whether the guest starts with its write cache on; `cache=writethrough` and `directsync` say no.
    package var hasWriteCache = true
    /// `nil` leaves the choice to Apus.
    package var engine: BlockEngine?
    package var discard = DiscardMode.ignore
    package var detectZeroes = ZeroDetection.off
    package var media = Media.disk
    /// `index=` or `unit=`: which of several, and for pflash which flash.
    package var index: Int?
    package var readError: BlockErrorPolicy?
    package var writeError: BlockErrorPolicy?
    /// `throttling.…` by their names after the dot.
    package var throttling = Properties()

    package init() {}
}

/// `-blockdev`, `blockdev-add`: one node of a block graph.
package struct BlockNodeConfiguration: Sendable, Equatable {
    /// `file`, `host_device`, `raw`, `null-co`, …
    package var driver: String
    package var nodeName: String?
    package var isReadOnly = false
    /// Falls back to read-only when the image cannot be written.
    package var isAutoReadOnly = false
    package var cache = CacheConfiguration()
    package var discard = DiscardMode.ignore
    package var detectZeroes = ZeroDetection.off
    /// `file`, `backing`: nodes below this one.
    package var children: [Child] = []
    /// What the driver itself reads: `filename`, `aio`, `offset`, `size`, …
    package var properties = Properties()

    package struct Child: Sendable, Equatable {
        package var role: String
        package var target: BlockNodeReference
    }

    package func child(_ role: String) -> BlockNodeReference? { children.first { $0.role == role }?.target }

    package init(driver: String, nodeName: String? = nil) {
        self.driver = driver
        self.nodeName = nodeName
    }
}

extension BlockNodeConfiguration.Child {
    package init(_ role: String, _ target: BlockNodeReference) {
        self.role = role
        self.target = target
    }
}

/// A node by name, a node in place, or expressly none.
package indirect enum BlockNodeReference: Sendable, Equatable {
    case none
    case name(String)
    case node(BlockNodeConfiguration)
}
