internal import Host
internal import Machine
internal import Memory

// Looking into the guest's memory.
extension HumanCommand {
    static let memory: [HumanCommand] = [
        HumanCommand(
            "x", taking: "/FORMAT ADDRESS",
            "show memory as the processor sees it; FORMAT is [COUNT][x|d|u|o|c][b|h|w|g]"
        ) {
            context, arguments in
            let format = try MemoryFormat(arguments.format ?? "")
            let address = try arguments.number("an address")
            return format.dump(at: address) {
                context.machine.bytes(atLinear: $0, count: $1, processor: context.processor)
            }
        },
        HumanCommand("xp", taking: "/FORMAT ADDRESS", "show memory by its guest-physical address") {
            context, arguments in
            let format = try MemoryFormat(arguments.format ?? "")
            let address = try arguments.number("an address")
            return format.dump(at: address) { context.machine.memory.bytes(at: GuestAddress($0), count: $1) }
        },
        HumanCommand("memsave", taking: "ADDRESS SIZE FILE", "save memory as the processor sees it") {
            context, arguments in
            let image = try MemoryImage(&arguments)
            try image.save(context.machine) {
                context.machine.bytes(atLinear: $0, count: $1, processor: context.processor)
            }
            return ""
        },
        HumanCommand("pmemsave", taking: "ADDRESS SIZE FILE", "save memory by its guest-physical address") {
            context, arguments in
            let image = try MemoryImage(&arguments)
            try image.save(context.machine) { context.machine.memory.bytes(at: GuestAddress($0), count: $1) }
            return ""
        },
    ]
}

extension MemoryImage {
    init(_ arguments: inout HumanArguments) throws(QMPError) {
        self.init(
            address: try arguments.number("an address"), size: try arguments.number("a size"),
            path: try arguments.word("a file"))
    }
}
