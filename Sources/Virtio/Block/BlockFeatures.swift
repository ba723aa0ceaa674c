/// Feature bits of a block device (virtio 1.2 §5.2.3).
extension VirtioFeatures {
    /// `seg_max` limits the data buffers of a request.
    static let segmentMaximum = VirtioFeatures(bit: 2)
    static let readOnly = VirtioFeatures(bit: 5)
    static let blockSize = VirtioFeatures(bit: 6)
    static let flush = VirtioFeatures(bit: 9)
    static let topology = VirtioFeatures(bit: 10)
    /// The driver can switch between write-back and write-through.
    static let cacheSwitch = VirtioFeatures(bit: 11)
    static let multipleQueues = VirtioFeatures(bit: 12)
    static let discard = VirtioFeatures(bit: 13)
    static let writeZeroes = VirtioFeatures(bit: 14)
}

/// The type of a request, first word of its header (§5.2.6).
enum BlockRequestType {
    static let read: UInt32 = 0
    static let write: UInt32 = 1
    static let flush: UInt32 = 4
    static let getID: UInt32 = 8
    static let discard: UInt32 = 11
    static let writeZeroes: UInt32 = 13
}

/// The last byte of a request (§5.2.6).
enum BlockRequestStatus: UInt8 {
    case ok = 0
    case ioError = 1
    case unsupported = 2
}

/// Offsets in the configuration space (§5.2.4).
enum BlockConfigurationField {
    static let capacity = 0
    static let segmentMaximum = 12
    static let blockSize = 20
    static let physicalBlockExponent = 24
    static let minimumIOSize = 26
    static let optimalIOSize = 28
    static let writeback = 32
    static let queueCount = 34
    static let maximumDiscardSectors = 36
    static let maximumDiscardSegments = 40
    static let discardAlignment = 44
    static let maximumZeroSectors = 48
    static let maximumZeroSegments = 52
    static let zeroMayUnmap = 56
    static let count = 60
}
