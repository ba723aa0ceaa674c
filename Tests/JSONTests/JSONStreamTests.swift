import JSON
import Testing

@Suite("A stream of JSON")
struct JSONStreamTests {
    /// Everything the stream yields for `pieces`; `nil` stands for an error.
    private func values(_ pieces: [String], limits: JSONLimits = JSONLimits()) -> [JSON?] {
        var stream = JSONStream(limits: limits)
        var values: [JSON?] = []
        for piece in pieces {
            stream.feed(piece.utf8)
            while let element = stream.next() { values.append(try? element.get()) }
        }
        return values
    }

    @Test("Several commands in one piece come out one by one")
    func pipelined() {
        #expect(values([#"{"a":1}{"b":2}"# + "\r\n" + #" {"c":"}{"} "#]) == [["a": 1], ["b": 2], ["c": "}{"]])
    }

    @Test("A command cut anywhere is the same command")
    func cut() {
        let text = #"{"execute": "a\"}{", 'id': [1, {"x": "\\"}]}"#
        let whole: JSON = ["execute": "a\"}{", "id": [1, ["x": "\\"]]]
        for place in text.indices {
            #expect(values([String(text[..<place]), String(text[place...])]) == [whole])
        }
        #expect(values(text.map { String($0) }) == [whole])
    }

    @Test("A command without a newline is complete at its bracket")
    func noNewline() {
        var stream = JSONStream()
        stream.feed("{}".utf8)
        #expect(stream.next() == .success([:]))
        #expect(stream.isIdle)
        #expect(stream.finish() == nil)
    }

    @Test("Bare words end at the next blank or at the end")
    func words() {
        var stream = JSONStream()
        stream.feed("12 true".utf8)
        #expect(stream.next() == .success(12))
        #expect(stream.next() == nil)
        #expect(stream.finish() == .success(true))
        #expect(stream.finish() == nil)
    }

    @Test(
        "After garbage, the next line is understood",
        arguments: [
            "{]", "]]]]", "{\"a\": \"no end", "\u{7f}\u{7f}", "{\"a\" 1}", "nonsense", "}{\"a\":tru}", "\"", ",,,,",
            "{:::}",
        ])
    func resynchronises(garbage: String) {
        let found = values([garbage + "\r\n{\"execute\":\"stop\"}\r\n{}"])
        #expect(found.suffix(2) == [["execute": "stop"], [:]])
        #expect(found.dropLast(2).contains { $0 == nil })
    }

    @Test("One broken line is one error")
    func oneError() {
        #expect(values(["]]]] ,, ]\n{}"]) == [nil, [:]])
    }

    @Test("The reset byte abandons an unfinished command")
    func resetByte() {
        var stream = JSONStream()
        stream.feed(Array("{\"a\": [".utf8) + [0xff] + Array("{}".utf8))
        guard case .failure = stream.next() else { return #expect(Bool(false)) }
        #expect(stream.next() == .success([:]))
    }

    @Test("Too much and too deep are errors, then reading goes on")
    func limits() {
        #expect(values(["[[[1]]]\n{}"], limits: JSONLimits(depth: 2)) == [nil, [:]])
        #expect(
            values(["\"" + String(repeating: "x", count: 100) + "\"\n{}"], limits: JSONLimits(size: 50)) == [nil, [:]])
    }

    @Test("An end inside a value is reported")
    func unfinished() {
        var stream = JSONStream()
        stream.feed("{\"a\":".utf8)
        #expect(stream.next() == nil)
        #expect(stream.finish() == .failure(.unfinished))
        #expect(stream.finish() == nil)
    }

    @Test("Random bytes neither crash nor stop the stream")
    func fuzz() {
        var random = SplitMix(state: 42)
        let letters = Array("{}[]\"':,\\ \n19ae.-tfn\u{1}".utf8) + [0xff, 0xc3]
        var stream = JSONStream(limits: JSONLimits(depth: 16, size: 200))
        for _ in 0..<20_000 {
            let piece = (0..<Int(random.next() % 12)).map { _ in letters[Int(random.next() % UInt64(letters.count))] }
            stream.feed(piece)
            while stream.next() != nil {}
        }
        stream.feed(Array("\u{1}\n{\"alive\":1}".utf8))
        var last: Result<JSON, JSONError>?
        while let element = stream.next() { last = element }
        #expect(last == .success(["alive": 1]))
    }
}

/// A small deterministic generator (splitmix64), so that a failure repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
