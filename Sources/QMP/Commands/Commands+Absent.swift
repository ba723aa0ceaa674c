// What Apus has none of, and clients ask for at every start. The answers are empty because that is the truth.
extension Commands {
    static let absent: [Command] = [
        Command("query-migrate-capabilities", returns: [Nothing].self) { _ in [] },
        Command("query-tpm", returns: [Nothing].self) { _ in [] },
        Command("query-tpm-models", returns: [String].self) { _ in [] },
        Command("query-tpm-types", returns: [String].self) { _ in [] },
        Command("query-jobs", returns: [Nothing].self) { _ in [] },
        Command("query-block-jobs", returns: [Nothing].self) { _ in [] },
    ]
}
