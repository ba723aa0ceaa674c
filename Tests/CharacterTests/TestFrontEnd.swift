import Character
import Synchronization

/// A front end that does what a test tells it.
final class TestFrontEnd: CharacterFrontEnd {
    struct State {
        var capacity = Int.max
        var received: [UInt8] = []
        var events: [CharacterEvent] = []
        var output = OutputQueue()
    }

    let state = Mutex(State())
    let backend: any CharacterBackend

    init(_ backend: any CharacterBackend, capacity: Int = .max) {
        self.backend = backend
        state.withLock { $0.capacity = capacity }
        backend.attach(self)
    }

    var received: [UInt8] { state.withLock { $0.received } }
    var events: [CharacterEvent] { state.withLock { $0.events } }
    var waiting: Int { state.withLock { $0.output.count } }
    var lost: UInt64 { state.withLock { $0.output.lost } }

    func send(_ bytes: [UInt8]) { state.withLock { $0.output.send(bytes, to: backend) } }
    func send(_ text: String) { send(Array(text.utf8)) }

    /// Makes room for `count` more bytes.
    func allow(_ count: Int) {
        state.withLock { $0.capacity = count }
        backend.resumeInput()
    }

    var receiveCapacity: Int { state.withLock { $0.capacity } }

    func receive(_ bytes: [UInt8]) {
        state.withLock { state in
            state.received += bytes
            if state.capacity != .max { state.capacity -= bytes.count }
        }
    }

    func backendIsWritable() { state.withLock { _ = $0.output.flush(to: backend) } }

    func handle(_ event: CharacterEvent) { state.withLock { $0.events.append(event) } }
}

/// Bytes in which a lost, doubled or swapped one shows.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
