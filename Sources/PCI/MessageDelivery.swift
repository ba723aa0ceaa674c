internal import Bus
internal import Log

/// What vectors need of the machine: where interrupts are made, and where to say that one could not be.
struct MessageDelivery: Sendable {
    let source: any MessageInterruptSource
    let log: Log
    private let limit = RateLimit()

    init(source: any MessageInterruptSource, log: Log) {
        self.source = source
        self.log = log
    }

    /// Updates `vector`, and adds it to `waiting` if it has an interrupt to deliver. A vector whose interrupt cannot be
    /// made stays closed, with a line in the log; the guest sees a device that never interrupts.
    func update(
        _ vector: MessageVector, _ gate: MessageVector.Gate, _ message: InterruptMessage,
        waiting: inout [MessageVector]
    ) {
        do throws(InterruptError) {
            if try vector.update(gate, message, from: source) { waiting.append(vector) }
        } catch {
            limit.pass { log.warning(error.description) }
        }
    }
}
