import PCI
import Testing

@Suite struct PCIAddressTests {
    @Test(
        "Every form a user writes is understood",
        arguments: [
            ("1f.0", 0x1f, 0), ("0x1.0x2", 1, 2), ("3", 3, 0), ("0x1f", 0x1f, 0), ("0.7", 0, 7), ("00.0", 0, 0),
            ("1F.3", 0x1f, 3),
        ])
    func forms(text: String, device: Int, function: Int) throws {
        let address = try PCIAddress(parsing: text)
        #expect(Int(address.device) == device)
        #expect(Int(address.function) == function)
    }

    @Test(
        "Anything else is named in the error",
        arguments: ["", ".", "20", "1.8", "g", "1.", "-1", "1.2.3", "0x", " 3", "+1", "100"])
    func nonsense(text: String) {
        #expect(throws: PCIError.notAnAddress(text)) { try PCIAddress(parsing: text) }
    }

    @Test("An address reads as lspci prints it")
    func text() throws {
        let address = try PCIAddress(parsing: "0x1f.0x3")
        #expect(address.description == "1f.3")
        #expect(PCIRoutingID(bus: 0xa, address: address).description == "0a:1f.3")
        #expect(PCIAddress(devfn: address.devfn) == address)
    }
}
