internal import Block

// What the monitor changes of disks while the guest runs.
extension BackEnds {
    /// The image of a drive's id or a node's name.
    package func block(device: String?, node: String?) -> BlockBackEnd? {
        blocks.first { block in
            if let device { return block.isDrive && block.name == device }
            guard let node, !block.isDrive else { return false }
            return block.name == node || block.storageName == node
        }
    }

    /// Makes a disk larger or smaller, for the guest too.
    ///
    /// A disk shrinks for the guest first: nothing may be on its way to bytes that go.
    package func resize(_ block: BlockBackEnd, to size: UInt64) throws(MachineError) {
        let before = block.image.geometry.size
        if size < before { block.frontEnd?.setCapacity(size & ~511) }
        do throws(BlockError) {
            try block.image.resize(to: size)
        } catch {
            if size < before { block.frontEnd?.setCapacity(before) }
            throw .notNow(error.description)
        }
        block.frontEnd?.setCapacity(block.image.geometry.size)
    }
}
