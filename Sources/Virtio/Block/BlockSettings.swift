package import Block

/// What a user can say about a virtio-blk device.
package struct BlockSettings: Sendable, Equatable {
    /// Shown to the guest by T_GET_ID; at most 20 bytes of it.
    package var serial = ""
    /// One or more; each can be driven by another vCPU (`num-queues`).
    package var queueCount = 1
    /// The largest number of requests in each, a power of two (`queue-size`).
    package var queueSize: UInt16 = 256
    /// The block size guests see; nil: the disk's own. A power of two from 512 (`logical_block_size`).
    package var logicalBlockSize: UInt32?
    package var physicalBlockSize: UInt32?
    /// Whether written data may wait for a flush (`write-cache`).
    package var writeCache = true
    /// Whether the driver may switch that (`config-wce`).
    package var cacheSwitch = true
    /// What is done about requests that the host fails (`rerror`, `werror`).
    package var errors = BlockErrorPolicy()
    package var discard = true
    package var writeZeroes = true

    package init() {}
}
