extension Property where Content == [Int] {
    /// Numbers and ranges of them: `0-3:8`, also parted by commas; in JSON and in dotted keys a list of them. Ascending,
    /// each once.
    package static func numbers(_ name: String, in range: ClosedRange<Int>, _ summary: String) -> Self {
        let allowed = "numbers from \(range.lowerBound) to \(range.upperBound) such as 0-3:8"
        let declaration = PropertyDeclaration(name: name, kind: .list, defaultText: nil, summary: summary)
        return Self(declaration: declaration, fallback: nil, allowed: allowed) { value in
            var numbers: Set<Int> = []
            guard collect(value, range, into: &numbers) else { return nil }
            return numbers.sorted()
        }
    }

    private static func collect(_ value: Value, _ range: ClosedRange<Int>, into numbers: inout Set<Int>) -> Bool {
        switch value {
        case .integer(let number):
            guard let number = Int(exactly: number), range.contains(number) else { return false }
            numbers.insert(number)
            return true
        case .string(let text):
            for part in text.split(whereSeparator: { $0 == ":" || $0 == "," }) {
                let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                    NumberText.unsigned(String($0))
                }
                guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
                    let first = Int(exactly: first), let last = Int(exactly: last),
                    first <= last, range.contains(first), range.contains(last)
                else { return false }
                numbers.formUnion(first...last)
            }
            return !text.isEmpty
        case .list(let values): return values.allSatisfy { collect($0, range, into: &numbers) }
        default: return false
        }
    }
}
