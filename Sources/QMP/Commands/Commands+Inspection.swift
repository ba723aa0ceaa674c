internal import Configuration
internal import Machine
internal import Memory

// The guest's memory, and the human monitor's commands.
extension Commands {
    private enum Arguments {
        static let address = Property<UInt64>.unsigned("val", "the first address")
        static let size = Property<UInt64>.unsigned("size", "how many bytes")
        static let file = Property<String>.string("filename", "the file to write")
        static let processor = Property<Int>.integer("cpu-index", in: 0...4096, default: 0, "whose page tables count")
        static let physical = PropertySchema(address, size, file)
        static let linear = PropertySchema(address, size, file, processor)
        static let line = Property<String>.string("command-line", "the command with its arguments")
        static let human = PropertySchema(line, processor)
    }

    static let inspection: [Command] = [
        Command("memsave", Arguments.linear, returns: Nothing.self) { context, reader in
            let image = try image(&reader)
            let processor = try processor(&reader, context.machine)
            try reader.finish()
            try image.save(context.machine) { context.machine.bytes(atLinear: $0, count: $1, processor: processor) }
            return Nothing()
        },
        Command("pmemsave", Arguments.physical, returns: Nothing.self) { context, reader in
            let image = try image(&reader)
            try reader.finish()
            try image.save(context.machine) { context.machine.memory.bytes(at: GuestAddress($0), count: $1) }
            return Nothing()
        },
        Command("human-monitor-command", Arguments.human, returns: String.self) { context, reader in
            let line = try reader.value(Arguments.line)
            let processor = try processor(&reader, context.machine)
            try reader.finish()
            let text = HumanMonitor.execute(line, HumanContext(machine: context.machine, processor: processor))
            return String(decoding: Array(text.utf8).terminalLines, as: UTF8.self)
        },
    ]

    private static func image(_ reader: inout PropertyReader) throws -> MemoryImage {
        MemoryImage(
            address: try reader.value(Arguments.address), size: try reader.value(Arguments.size),
            path: try reader.value(Arguments.file))
    }

    private static func processor(_ reader: inout PropertyReader, _ machine: Machine) throws -> Int {
        let index = try reader.value(Arguments.processor)
        guard machine.processors.indices.contains(index) else {
            throw reader.refusal(
                Arguments.processor, allowed: "a processor's index, 0 to \(machine.processors.count - 1)")
        }
        return index
    }
}
