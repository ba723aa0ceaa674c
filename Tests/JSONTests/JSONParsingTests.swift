import JSON
import Testing

@Suite("JSON text")
struct JSONParsingTests {
    @Test("Every kind of value survives writing and reading")
    func roundTrip() throws {
        let value: JSON = [
            "null": nil, "yes": true, "least": .integer(.min), "most": .integer(.max), "real": 1.5,
            "text": "tab\t quote\" back\\slash ünïcode 🐝 \u{1}", "list": [1, [], [:]], "object": ["b": 1, "a": 2],
        ]
        #expect(try JSON.parse(value.bytes()) == value)
        #expect(JSON.integer(7).description == "7")
        #expect(JSON.unsigned(.max).description == "18446744073709551615")
        #expect((["a": [1, "x"]] as JSON).description == #"{"a": [1, "x"]}"#)
        #expect(JSON.real(.nan).description == "null")
    }

    @Test("Members keep their order")
    func order() throws {
        let object = try #require(JSON.parse(#"{"z":1,"a":2,"m":3}"#).objectValue)
        #expect(object.members.map(\.name) == ["z", "a", "m"])
    }

    @Test("Single quotes are taken for double ones")
    func singleQuotes() throws {
        let value = try JSON.parse(#"{'execute': 'a"b', "it's": 'don\'t', 'c': "x'y"}"#)
        #expect(value == ["execute": "a\"b", "it's": "don't", "c": "x'y"])
    }

    @Test(
        "Malformed text is an error with its place",
        arguments: [
            "", " ", "{", "}", "{]", "[1,]", "{\"a\":1,\"a\":2}", "{\"a\" 1}", "nul", "01", "\"\\u0000\"", "\"\\q\"",
            "\"\u{1}\"", "1 2", "{} x", "99999999999999999999", "1e999", "'", "\"\\ud800\"",
        ])
    func malformed(text: String) {
        #expect(throws: JSONError.self) { try JSON.parse(text) }
    }

    @Test("Bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xc3, 0x28, 0x22]) }
    }

    @Test("Nesting and length have limits")
    func limits() throws {
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try JSON.parse(deep)
        #expect(throws: JSONError.tooDeep(limit: 128)) { try JSON.parse("[" + deep + "]") }
        // Brackets inside strings are only letters.
        _ = try JSON.parse("\"" + String(repeating: "[", count: 500) + "\"")
        #expect(throws: JSONError.tooLarge(limit: 4)) { try JSON.parse("[1,2]", limits: JSONLimits(size: 4)) }
    }

    @Test("An error is one sentence")
    func sentence() {
        let error = #expect(throws: JSONError.self) { try JSON.parse("{\"a\": tru}") }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("The JSON is malformed at byte ") && text.hasSuffix("."))
    }

    @Test("Accessors answer only for their kind")
    func accessors() throws {
        let value = try JSON.parse(#"{"n": 5, "s": "x", "r": 2.5, "l": [1]}"#)
        #expect(value["n"]?.integerValue == 5 && value["n"]?.unsignedValue == 5 && value["n"]?.stringValue == nil)
        #expect(value["l"]?[0] == 1 && value["l"]?[1] == nil && value["missing"] == nil)
        #expect(JSON(UInt64.max).unsignedValue == .max && JSON(-1).unsignedValue == nil)
    }
}
