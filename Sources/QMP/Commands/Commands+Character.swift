internal import Character
internal import Machine

// Character streams.
extension Commands {
    static let character: [Command] = [
        Command("query-chardev", returns: [CharacterInformation].self) { context in
            context.machine.backEnds.streams.map {
                CharacterInformation(label: $0.label, filename: $0.backend.description, isUsed: $0.user != nil)
            }
        }
    ]
}

struct CharacterInformation: ReplyObject {
    static let typeName = "ChardevInfo"
    let label: String
    /// Where it leads: clients look for `pty:/dev/pts/N`.
    let filename: String
    let isUsed: Bool
    static let members: [ReplyMember<CharacterInformation>] = [
        .init("label", \.label), .init("filename", \.filename), .init("frontend-open", \.isUsed),
    ]
}
