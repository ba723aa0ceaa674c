import Configuration
import Testing

@Suite("Folding dotted keys")
struct FoldingTests {
    @Test("Objects and lists come out of dots")
    func folds() throws {
        let flat: Properties = ["driver": "x", "server.0.host": "a", "server.1.host": "b", "file.driver": "f"]
        #expect(
            try flat.folded(subject: "-blockdev") == [
                "driver": "x", "server": .list([.object(["host": "a"]), .object(["host": "b"])]),
                "file": .object(["driver": "f"]),
            ])
    }

    @Test(
        "Keys that contradict each other are refused",
        arguments: [
            ["a": "1", "a.b": "2"], ["a.b": "1", "a": "2"], ["a.0": "1", "a.2": "2"], ["a.0": "1", "a.x": "2"],
            ["a.": "1"],
            [".": "1"],
        ] as [Properties])
    func contradictions(properties: Properties) {
        #expect(throws: ConfigurationError.self) { try properties.folded(subject: "-x") }
    }
}
