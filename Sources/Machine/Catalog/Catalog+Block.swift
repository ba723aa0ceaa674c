internal import Block
internal import Configuration
internal import Host
internal import Virtio

/// What `virtio-blk` takes.
enum BlockProperties {
    static let drive = Property<String>.string("drive", "the -drive or -blockdev that holds the data")
    static let ioThread = Property<String>.string("iothread", "the -object iothread that runs the queues")
    static let serial = Property<String>.string(
        "serial", "what the guest sees as the disk's serial number, at most 20 bytes")
    static let queues = Property<Int>.integer("num-queues", in: 1...64, "request queues; by default one per vCPU")
    static let queueSize = Property<Int>.integer(
        "queue-size", in: 2...1024, default: 256, "requests per queue, a power of two")
    static let logicalBlockSize = Property<Int>.integer(
        "logical_block_size", in: 512...32768, "bytes of a logical block, a power of two")
    static let physicalBlockSize = Property<Int>.integer(
        "physical_block_size", in: 512...32768, "bytes of a physical block, a power of two")
    static let writeCache = Property<Toggle>.choice(
        "write-cache", default: .auto, "whether writes may wait for a flush")
    static let cacheSwitch = Property<Bool>.boolean(
        "config-wce", default: true, "whether the guest may switch its write cache")
    static let discard = Property<Bool>.boolean("discard", default: true, "offer discards")
    static let writeZeroes = Property<Bool>.boolean("write-zeroes", default: true, "offer writes of zeros")
    static let readError = Property<String>.choice(
        "rerror", ["auto", "report", "ignore", "stop"], default: "auto", "what is done about reads that the host fails")
    static let writeError = Property<String>.choice(
        "werror", ["auto", "report", "ignore", "stop", "enospc"], default: "auto",
        "what is done about writes that the host fails")
    static let scsi = Property<Bool>.boolean("scsi", default: false, "offer SCSI commands (never there)")
    static let schema = PropertySchema(
        drive, ioThread, serial, queues, queueSize, logicalBlockSize, physicalBlockSize, writeCache, cacheSwitch,
        discard,
        writeZeroes, readError, writeError, scsi)
}

extension VirtioRecipe {
    static let block = VirtioRecipe(
        name: "virtio-blk", summary: "a disk", schema: BlockProperties.schema
    ) { request, reader throws(MachineError) in
        let construction = request.construction
        let subject = request.subject
        var settings = BlockSettings()

        try reader.insist(BlockProperties.scsi, is: false, otherwise: "SCSI commands are not part of virtio 1.")
        settings.serial = try reader.find(BlockProperties.serial) ?? ""
        guard settings.serial.utf8.count <= 20 else {
            throw .configuration(reader.refusal(BlockProperties.serial, allowed: "at most 20 bytes"))
        }
        settings.queueCount =
            try reader.find(BlockProperties.queues) ?? min(construction.configuration.topology.processors, 64)
        let size = try reader.get(BlockProperties.queueSize)
        guard size & (size - 1) == 0 else {
            throw .configuration(reader.refusal(BlockProperties.queueSize, allowed: "a power of two from 2 to 1024"))
        }
        settings.queueSize = UInt16(size)
        settings.logicalBlockSize = try blockSize(BlockProperties.logicalBlockSize, &reader)
        settings.physicalBlockSize = try blockSize(BlockProperties.physicalBlockSize, &reader)
        settings.cacheSwitch = try reader.get(BlockProperties.cacheSwitch)
        settings.discard = try reader.get(BlockProperties.discard)
        settings.writeZeroes = try reader.get(BlockProperties.writeZeroes)

        let thread = try construction.backEnds.ioThread(named: try reader.find(BlockProperties.ioThread), for: subject)
        let writeCache = try reader.get(BlockProperties.writeCache)
        let drive = try reader.get(BlockProperties.drive)
        let back = try construction.backEnds.claimBlock(named: drive, for: request.name, subject: subject)
        settings.writeCache = writeCache == .auto ? back.hasWriteCache : writeCache == .on
        // What the device says goes before what the drive says.
        let readError = Block.BlockErrorPolicy.Choice(try reader.get(BlockProperties.readError), or: back.readError)
        let writeError = Block.BlockErrorPolicy.Choice(try reader.get(BlockProperties.writeError), or: back.writeError)
        settings.errors.reads = readError ?? settings.errors.reads
        settings.errors.writes = writeError ?? settings.errors.writes
        let (device, node) = back.isDrive ? (back.name, nil) : ("", back.name)
        let power = construction.power
        let disk = try blaming(subject) { () throws(BlockError) in
            try VirtioBlock(
                image: back.image, settings: settings, name: request.name, on: thread.loop, log: construction.log
            ) { power.send(.diskFailed(DiskFailure(device: device, node: node, failure: $0))) }
        }
        construction.backEnds.attach(disk, to: drive)
        return disk
    }

    private static func blockSize(
        _ property: Property<Int>, _ reader: inout PropertyReader
    ) throws(MachineError) -> UInt32? {
        guard let size = try reader.find(property) else { return nil }
        guard size & (size - 1) == 0 else {
            throw .configuration(reader.refusal(property, allowed: "a power of two from 512 to 32768"))
        }
        return UInt32(size)
    }
}

extension Block.BlockErrorPolicy.Choice {
    /// A device's word; for `auto` the drive's, if it has one.
    fileprivate init?(_ word: String, or drive: Configuration.BlockErrorPolicy?) {
        switch Configuration.BlockErrorPolicy(rawValue: word) ?? drive {
        case .report?: self = .report
        case .ignore?: self = .ignore
        case .stop?: self = .stop
        case .enospc?: self = .stopWithoutSpace
        case nil: return nil
        }
    }
}
