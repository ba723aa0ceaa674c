package import Block
package import Configuration
internal import Synchronization

/// A disk image by its name, and the device that has it.
package struct BlockBackEnd: Sendable {
    /// `-drive id=` or `-blockdev node-name=`.
    package let name: String
    /// The node under it that holds the file, where `-blockdev` gave it a name of its own.
    package var storageName: String?
    /// The format: `raw`, `null-co`; for a node without a format above it, what holds the bytes.
    package let driver: String
    /// What holds the bytes: `file`, `host_device`, `null-co`.
    package let storageDriver: String
    /// Nil for an image without a file.
    package let path: String?
    package let image: any BlockImage
    package let cache: CacheConfiguration
    package let detectZeroes: ZeroDetection
    /// Whether the guest starts with its write cache on.
    package let hasWriteCache: Bool
    /// Whether it came from `-drive`, whose ids QMP shows as device names.
    package let isDrive: Bool
    /// The device that uses it.
    package var user: String?
    /// What a `-drive` says of failing requests; a device may know better.
    var readError: Configuration.BlockErrorPolicy?
    var writeError: Configuration.BlockErrorPolicy?
    /// The limits it keeps.
    package var throttle: ThrottleGroup?
    /// That device, once it is made.
    package var frontEnd: (any BlockFrontEnd)?
}

// Disk images.
extension BackEnds {
    /// Every image, in the order they were made.
    package var blocks: [BlockBackEnd] { state.withLock { $0.blocks } }

    /// Gives an image to a device, which then has it alone.
    ///
    /// - Parameters:
    ///   - device: what the device is called, to those who want the image later.
    ///   - subject: the option it came from, for messages.
    func claimBlock(named name: String, for device: String, subject: String) throws(MachineError) -> BlockBackEnd {
        let blocks = blocks
        guard let index = blocks.firstIndex(where: { $0.name == name }) else {
            throw .unknown(
                kind: "drive or node", name: name, nearest: Spelling.nearest(to: name, among: blocks.map(\.name)),
                hint: "\(subject) needs -drive id=\(name),… or -blockdev node-name=\(name),…")
        }
        if let user = blocks[index].user {
            throw .part(option: subject, reason: "Drive '\(name)' is already in use by device '\(user)'.")
        }
        state.withLock { $0.blocks[index].user = device }
        return blocks[index]
    }

    /// The image that a device got by `claimBlock` has its front end now.
    func attach(_ frontEnd: any BlockFrontEnd, to name: String) {
        let throttle: ThrottleGroup? = state.withLock { state in
            guard let index = state.blocks.firstIndex(where: { $0.name == name }) else { return nil }
            state.blocks[index].frontEnd = frontEnd
            return state.blocks[index].throttle
        }
        if let throttle { frontEnd.setThrottle(throttle.makeMember()) }
    }

    func append(_ block: BlockBackEnd) throws(MachineError) {
        let isTaken = blocks.contains { $0.name == block.name || $0.storageName == block.name }
        guard !isTaken else {
            throw .configuration(.duplicateIdentifier(kind: "block node", identifier: block.name))
        }
        state.withLock { $0.blocks.append(block) }
    }
}
