/// Finds the name a user probably meant.
package enum Spelling {
    /// The candidate with the smallest edit distance to `word`, when it is near enough to be worth saying.
    ///
    /// Near enough is a third of the word, at least two letters. The first of equals wins. Long input is not compared:
    /// nobody mistypes a name into two hundred letters.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let letters = Array(word.utf8)
        guard !letters.isEmpty, letters.count <= 64 else { return nil }
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let distance = distance(letters, Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        guard let best, best.distance <= max(2, letters.count / 3), best.distance < letters.count else { return nil }
        return best.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
