internal import CommandLine
package import Host
internal import Log
package import Machine
package import QTest
internal import Synchronization

/// A whole machine in this process, from a command line: `-accel qtest`, a loop that is turned by hand, and the guest's
/// hands on its buses.
///
/// ```
///   let machine = try MachineUnderTest("-machine q35 -m 64")
///   machine.guest.outb(0xcf9, 0x06)
///   machine.settle()
///   #expect(machine.events.names == ["RESET"])
/// ```
package final class MachineUnderTest {
    package let loop: EventLoop
    package let machine: Machine
    package let guest: DirectGuestAccess
    package let events: MachineEventRecorder
    /// The levels of the interrupt controller's inputs.
    package let interrupts: InterruptRecorder
    private let lines: LogLines
    private let ending: Ending
    private var isTornDown = false

    /// Parses `words` (parted by blanks; `arguments` are taken as they are), builds the machine and, unless told
    /// otherwise, starts it.
    package init(_ words: String = "", _ arguments: [String] = [], starts: Bool = true) throws {
        loop = try EventLoop()
        let lines = LogLines()
        self.lines = lines
        let all = words.split(separator: " ").map(String.init) + arguments + ["-accel", "qtest"]
        guard case .run(let configuration) = try CommandLine.parse(all) else { throw Unusable.isHelp }
        machine = try MachineBuilder.build(configuration, loop: loop, log: Log { _, text in lines.add(text) })
        guest = DirectGuestAccess(buses: machine.buses, memory: machine.memory)
        guard let hypervisor = machine.hypervisor as? QTestMachine else { throw Unusable.otherAccelerator }
        interrupts = hypervisor.interrupts
        events = MachineEventRecorder()
        machine.observe(events)
        let ending = Ending()
        self.ending = ending
        machine.whenEnded { ending.set($0) }
        if starts { try machine.start() }
    }

    deinit { tearDown() }

    /// Ends every thread and closes every stream of the machine. Idempotent.
    package func tearDown() {
        guard !isTornDown else { return }
        isTornDown = true
        machine.tearDown()
    }

    private enum Unusable: Error { case isHelp, otherAccelerator }

    /// The sentence that refuses this command line; nil if it makes a machine.
    package static func refusal(_ words: String, _ arguments: [String] = []) -> String? {
        do {
            _ = try MachineUnderTest(words, arguments)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// The status the machine ended with, if it has.
    package var status: Int32? { ending.status }

    /// What the machine logged.
    package var logged: [String] { lines.all }

    /// Does everything that is ready on the control loop.
    package func settle() { loop.settle() }

    /// Turns the control loop until `condition` holds, for what other threads and the kernel finish; false if it never
    /// does.
    package func wait(until condition: () -> Bool) -> Bool { loop.turn(until: condition) }
}

/// What a machine told its observers.
package final class MachineEventRecorder: MachineObserver {
    private let events = Mutex<[MachineEvent]>([])

    package init() {}

    package func machine(did event: MachineEvent) { events.withLock { $0.append(event) } }

    package var all: [MachineEvent] { events.withLock { $0 } }

    /// Takes what came since the last question.
    package func take() -> [MachineEvent] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}

private final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

private final class Ending: Sendable {
    private let value = Mutex<Int32?>(nil)
    func set(_ status: Int32) { value.withLock { $0 = status } }
    var status: Int32? { value.withLock { $0 } }
}
