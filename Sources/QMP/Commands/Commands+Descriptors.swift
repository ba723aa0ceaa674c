internal import Configuration
internal import Host
internal import JSON
internal import Machine

// Descriptors that clients pass along with their commands (SCM_RIGHTS).
extension Commands {
    private enum Arguments {
        static let name = Property<String>.string("fdname", "what the descriptor is called from now on")
        static let named = PropertySchema(name)
        static let set = Property<Int>.integer("fdset-id", in: 0...Int(Int32.max), "the number N of /dev/fdset/N")
        static let opaque = Property<String>.string("opaque", "a note that query-fdsets shows")
        static let descriptor = Property<Int>.integer("fd", in: 0...Int(Int32.max), "which of the set; all if left out")
        static let addition = PropertySchema(set, opaque)
        static let removal = PropertySchema(set, descriptor)
    }

    static let descriptors: [Command] = [
        Command("getfd", Arguments.named, returns: Nothing.self) { context, reader in
            let name = try reader.value(Arguments.name)
            try reader.finish()
            guard let file = context.session.takeDescriptor() else { throw noDescriptor }
            // A number means a descriptor that was inherited.
            guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
                throw QMPError("Parameter 'fdname' expects a name not starting with a digit")
            }
            context.machine.backEnds.namedDescriptors.keep(file, as: name)
            return Nothing()
        },
        Command("closefd", Arguments.named, returns: Nothing.self) { context, reader in
            let name = try reader.value(Arguments.name)
            try reader.finish()
            // Taken, and closed by letting go of it.
            guard context.machine.backEnds.namedDescriptors.take(name) != nil else {
                throw QMPError("File descriptor named '\(name)' not found")
            }
            return Nothing()
        },
        Command("add-fd", Arguments.addition, returns: AddedDescriptor.self) { context, reader in
            let set = try reader.optional(Arguments.set)
            let opaque = try reader.optional(Arguments.opaque)
            try reader.finish()
            guard let file = context.session.takeDescriptor() else { throw noDescriptor }
            let added = context.machine.backEnds.descriptorSets.add(file, to: set, opaque: opaque)
            return AddedDescriptor(set: added.set, descriptor: Int(added.descriptor))
        },
        Command("remove-fd", Arguments.removal, returns: Nothing.self) { context, reader in
            let set = try reader.value(Arguments.set)
            let descriptor = try reader.optional(Arguments.descriptor)
            try reader.finish()
            guard context.machine.backEnds.descriptorSets.remove(set, descriptor: descriptor.map { Int32($0) }) else {
                let name = "fdset-id:\(set)" + (descriptor.map { ", fd:\($0)" } ?? "")
                throw QMPError("File descriptor named '\(name)' not found")
            }
            return Nothing()
        },
        Command("query-fdsets", returns: [DescriptorSetInformation].self) { context in
            context.machine.backEnds.descriptorSets.all.map(DescriptorSetInformation.init)
        },
    ]

    private static var noDescriptor: QMPError { QMPError("No file descriptor supplied via SCM_RIGHTS") }
}

struct AddedDescriptor: ReplyObject {
    static let typeName = "AddfdInfo"
    let set: Int
    let descriptor: Int
    static let members: [ReplyMember<AddedDescriptor>] = [.init("fdset-id", \.set), .init("fd", \.descriptor)]
}

struct DescriptorSetInformation: ReplyObject {
    static let typeName = "FdsetInfo"

    struct Member: ReplyObject {
        static let typeName = "FdsetFdInfo"
        let descriptor: Int
        let opaque: String?
        static let members: [ReplyMember<Member>] = [.init("fd", \.descriptor), .init("opaque", \.opaque)]
    }

    let identifier: Int
    let descriptors: [Member]

    init(_ set: DescriptorSets.DescriptorSet) {
        identifier = set.identifier
        descriptors = set.members.map { Member(descriptor: Int($0.descriptor), opaque: $0.opaque) }
    }

    static let members: [ReplyMember<DescriptorSetInformation>] = [
        .init("fdset-id", \.identifier), .init("fds", \.descriptors),
    ]
}
