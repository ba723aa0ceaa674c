internal import Configuration
internal import Machine

// What changes disks.
extension Commands {
    private enum Arguments {
        static let device = Property<String>.string("device", "the id of a -drive")
        static let node = Property<String>.string("node-name", "the name of a -blockdev")
        static let size = Property<UInt64>.unsigned("size", in: 0...(1 << 62), "bytes")
        static let resize = PropertySchema(device, node, size)
    }

    static let blockChanges: [Command] = [
        Command("block_resize", Arguments.resize, returns: Nothing.self) { context, reader in
            let device = try reader.optional(Arguments.device)
            let node = try reader.optional(Arguments.node)
            let size = try reader.value(Arguments.size)
            try reader.finish()
            let backEnds = context.machine.backEnds
            guard let back = backEnds.block(device: device, node: node) else {
                throw QMPError(.genericError, "Cannot find device='\(device ?? "")' nor node-name='\(node ?? "")'")
            }
            try backEnds.resize(back, to: size)
            return Nothing()
        }
    ]
}
