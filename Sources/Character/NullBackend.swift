/// `null`: takes everything, sends nothing.
package final class NullBackend: CharacterBackend {
    package let description = "null"
    package let isOpen = false

    package init() {}

    package func attach(_ frontEnd: any CharacterFrontEnd) {}
    package func detach() {}
    package func write(_ bytes: Span<UInt8>) -> Int { bytes.count }
    package func resumeInput() {}
    package func close() {}
}
