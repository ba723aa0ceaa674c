import CommandLine
import Testing

@Suite("Mutated command lines")
struct FuzzTests {
    @Test("Twenty thousand of them are read or refused in a sentence, never a crash")
    func mutations() {
        var random = SplitMix(state: 2026)
        let seeds = words(LibvirtTests.domain) + SentenceTests.sentences.flatMap { words($0.0) }
        let letters = Array(",=.{}[]\":'-+0x9GkM%\u{0} ünon".unicodeScalars)
        func pick<Element>(_ elements: [Element]) -> Element { elements[Int(random.next() % UInt64(elements.count))] }
        for round in 0..<20_000 {
            var arguments = (0..<Int(random.next() % 6)).map { _ in pick(seeds) }
            for index in arguments.indices where random.next() % 2 == 0 {
                var scalars = Array(arguments[index].unicodeScalars)
                for _ in 0...(random.next() % 4) {
                    let place = Int(random.next() % UInt64(scalars.count + 1))
                    switch random.next() % 4 {
                    case 0: scalars.insert(pick(letters), at: place)
                    case 1 where place < scalars.count: scalars.remove(at: place)
                    case 2 where place < scalars.count: scalars[place] = pick(letters)
                    default: scalars = Array(scalars[..<place])
                    }
                }
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars)
                arguments[index] = String(text)
            }
            do throws(CommandLineError) {
                _ = try CommandLine.parse(arguments)
            } catch {
                let sentence = error.description
                #expect(sentence.last == "." || sentence.last == "?", "round \(round): \(arguments)")
            }
        }
    }
}

/// A small deterministic generator (splitmix64), so that a failure repeats.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
