internal import Block
internal import Configuration
internal import Machine

// Disks.
extension Commands {
    static let block: [Command] = [
        Command("query-block", returns: [BlockInformation].self) { context in
            let plugged = context.machine.board.plugged
            return context.machine.backEnds.blocks.map { back in
                BlockInformation(back, device: plugged.first { $0.drive == back.name })
            }
        }
    ]
}

/// A disk as `query-block` shows it.
struct BlockInformation: ReplyObject {
    static let typeName = "BlockInfo"
    let device: String
    let path: String?
    let type = "unknown"
    let removable = false
    let locked = false
    let status: BlockStatus?
    let inserted: BlockNodeInformation?

    init(_ back: BlockBackEnd, device plugged: PluggedDevice?) {
        device = back.isDrive ? back.name : ""
        path = plugged.map { $0.path + "/virtio-backend" }
        status = plugged == nil ? nil : .ok
        inserted = BlockNodeInformation(back)
    }

    static let members: [ReplyMember<BlockInformation>] = [
        .init("device", \.device), .init("qdev", \.path), .init("type", \.type), .init("removable", \.removable),
        .init("locked", \.locked), .init("io-status", \.status), .init("inserted", \.inserted),
    ]
}

enum BlockStatus: String, ReplyEnumeration {
    static let typeName = "BlockDeviceIoStatus"
    case ok, failed, nospace
}

enum ZeroDetectionInformation: String, ReplyEnumeration {
    static let typeName = "BlockdevDetectZeroesOptions"
    case off, on, unmap
}

/// The image in a disk.
struct BlockNodeInformation: ReplyObject {
    static let typeName = "BlockDeviceInfo"

    struct Cache: ReplyObject {
        static let typeName = "BlockdevCacheInfo"
        let writeback: Bool
        let direct: Bool
        let noFlush: Bool
        static let members: [ReplyMember<Cache>] = [
            .init("writeback", \.writeback), .init("direct", \.direct), .init("no-flush", \.noFlush),
        ]
    }

    struct Image: ReplyObject {
        static let typeName = "ImageInfo"
        let filename: String
        let format: String
        let size: UInt64
        static let members: [ReplyMember<Image>] = [
            .init("filename", \.filename), .init("format", \.format), .init("virtual-size", \.size),
        ]
    }

    let file: String
    let nodeName: String?
    let isReadOnly: Bool
    let driver: String
    let backingFileDepth = 0
    let encrypted = false
    let detectZeroes = ZeroDetectionInformation.off
    let unlimited = 0
    let cache: Cache
    let image: Image
    let writeThreshold = 0

    init(_ back: BlockBackEnd) {
        file = back.path ?? "null-co://"
        // Nodes of a -drive have a name that only QEMU itself uses.
        nodeName = back.isDrive ? nil : back.name
        isReadOnly = back.image.geometry.isReadOnly
        driver = back.driver
        cache = Cache(writeback: back.hasWriteCache, direct: back.cache.isDirect, noFlush: back.cache.ignoresFlush)
        image = Image(filename: file, format: driver, size: back.image.geometry.size)
    }

    static let members: [ReplyMember<BlockNodeInformation>] = [
        .init("file", \.file), .init("node-name", \.nodeName), .init("ro", \.isReadOnly), .init("drv", \.driver),
        .init("backing_file_depth", \.backingFileDepth), .init("encrypted", \.encrypted),
        .init("detect_zeroes", \.detectZeroes), .init("bps", \.unlimited), .init("bps_rd", \.unlimited),
        .init("bps_wr", \.unlimited), .init("iops", \.unlimited), .init("iops_rd", \.unlimited),
        .init("iops_wr", \.unlimited), .init("image", \.image), .init("cache", \.cache),
        .init("write_threshold", \.writeThreshold),
    ]
}
