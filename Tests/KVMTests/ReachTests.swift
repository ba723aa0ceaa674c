import KVM
import Testing

@Suite("What the processor can address")
struct ReachTests {
    @Test("KVM tells a width that 64-bit processors have", .enabled(if: (try? KVMSystem.open()) != nil))
    func width() throws {
        let bits = try KVMSystem.open().physicalAddressBits()
        #expect((36...52).contains(bits))
    }
}
