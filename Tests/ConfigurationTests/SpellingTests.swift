import Configuration
import Testing

@Suite("Spelling")
struct SpellingTests {
    @Test("The nearest name is proposed, a far one is not")
    func nearest() {
        let names = ["kernel", "smp", "machine"]
        #expect(Spelling.nearest(to: "kernal", among: names) == "kernel")
        #expect(Spelling.nearest(to: "mahcine", among: names) == "machine")
        #expect(Spelling.nearest(to: "zzzzzzzz", among: names) == nil)
        #expect(Spelling.nearest(to: "", among: names) == nil)
    }
}
