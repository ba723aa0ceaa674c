internal import Block
internal import Configuration
internal import Machine

// Disks.
extension Commands {
    private enum Arguments {
        static let flat = Property<Bool>.boolean("flat", default: false, "leave out what is below each node")
    }

    static let block: [Command] = blockQueries + blockStatistics + blockChanges

    private static let blockQueries: [Command] = [
        Command("query-block", returns: [BlockInformation].self) { context in
            let plugged = context.machine.board.plugged
            return context.machine.backEnds.blocks.map { back in
                BlockInformation(back, device: plugged.first { $0.drive == back.name })
            }
        },
        // No node here has a backing image, which is all that `flat` would leave out.
        Command("query-named-block-nodes", PropertySchema(Arguments.flat), returns: [BlockNodeInformation].self) {
            context, reader in
            _ = try reader.value(Arguments.flat)
            try reader.finish()
            return context.machine.backEnds.blocks.filter { !$0.isDrive }.flatMap(BlockNodeInformation.nodes(of:))
        },
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
        status = plugged == nil ? nil : BlockStatus(back.frontEnd?.health ?? .ok)
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

    init(_ health: BlockHealth) {
        self =
            switch health {
            case .ok: .ok
            case .failed: .failed
            case .noSpace: .nospace
            }
    }
}

extension ZeroDetection: ReplyEnumeration {
    package static var typeName: String { "BlockdevDetectZeroesOptions" }
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
        let allocated: UInt64?
        static let members: [ReplyMember<Image>] = [
            .init("filename", \.filename), .init("format", \.format), .init("virtual-size", \.size),
            .init("actual-size", \.allocated),
        ]
    }

    let file: String
    let nodeName: String?
    let isReadOnly: Bool
    let driver: String
    let backingFileDepth = 0
    let encrypted = false
    let detectZeroes: ZeroDetection
    let limits: ThrottleLimits
    let group: String?
    let cache: Cache
    let image: Image
    let writeThreshold = 0

    /// - Parameter isStorage: the node below the format, where it is one of its own.
    init(_ back: BlockBackEnd, isStorage: Bool = false) {
        file = back.path ?? "null-co://"
        // Nodes of a -drive have a name that only QEMU itself uses.
        nodeName = back.isDrive ? nil : isStorage ? back.storageName : back.name
        isReadOnly = back.image.geometry.isReadOnly
        driver = isStorage ? back.storageDriver : back.driver
        detectZeroes = isStorage ? .off : back.detectZeroes
        limits = isStorage ? ThrottleLimits() : back.throttle?.limits ?? ThrottleLimits()
        group = isStorage ? nil : back.throttle?.name
        cache = Cache(writeback: back.hasWriteCache, direct: back.cache.isDirect, noFlush: back.cache.ignoresFlush)
        image = Image(
            filename: file, format: driver, size: back.image.geometry.size, allocated: back.image.allocatedSize)
    }

    /// The nodes of an image, the lowest first.
    static func nodes(of back: BlockBackEnd) -> [BlockNodeInformation] {
        (back.storageName == nil ? [] : [BlockNodeInformation(back, isStorage: true)]) + [BlockNodeInformation(back)]
    }

    static let members: [ReplyMember<BlockNodeInformation>] =
        [
            .init("file", \.file), .init("node-name", \.nodeName), .init("ro", \.isReadOnly), .init("drv", \.driver),
            .init("backing_file_depth", \.backingFileDepth), .init("encrypted", \.encrypted),
            .init("detect_zeroes", \.detectZeroes), .init("image", \.image), .init("cache", \.cache),
            .init("write_threshold", \.writeThreshold), .init("group", \.group),
            .init("iops_size", \.limits.shownOperationSize),
        ]
        + ThrottleLimits.Bound.allCases.flatMap { bound in
            [
                .init(bound.monitorName, \.limits[bound].average),
                .init(bound.monitorName + "_max", \.limits[bound].shownBurst),
                .init(bound.monitorName + "_max_length", \.limits[bound].shownBurstLength),
            ]
        }
}

// What was not said is not shown.
extension ThrottleLimits {
    fileprivate var shownOperationSize: UInt64? { operationSize > 0 ? operationSize : nil }
}

extension ThrottleLimits.Rate {
    fileprivate var shownBurst: UInt64? { burst > 0 ? burst : nil }
    fileprivate var shownBurstLength: UInt64? { burst > 0 ? burstLength : nil }
}
