import Bus
import Devices
import Host
import Synchronization

/// A workbench for a device: a clock turned by hand, and lines and a power switch that write down what happens to them.
final class Bench: InterruptController, PowerControl {
    /// A change of a line, and when it came.
    struct Edge: Equatable {
        let line: UInt32
        let level: Bool
        let time: UInt64
    }

    private struct Record {
        var edges: [Edge] = []
        var levels: UInt32 = 0
        var requests: [PowerRequest] = []
    }

    let clock: Clock
    private let record = Mutex(Record())

    init() throws { clock = try Clock(source: .manual) }

    func line(_ number: UInt32) -> InterruptLine { InterruptLine(number: number, controller: self) }

    func set(_ line: UInt32, level: Bool) {
        let time = clock.now
        record.withLock { record in
            let bit: UInt32 = 1 << line
            guard (record.levels & bit != 0) != level else { return }
            record.levels ^= bit
            record.edges.append(Edge(line: line, level: level, time: time))
        }
    }

    func request(_ request: PowerRequest) { record.withLock { $0.requests.append(request) } }

    func isHigh(_ line: UInt32) -> Bool { record.withLock { $0.levels >> line & 1 != 0 } }

    /// When the line rose, since this was last asked for any line.
    func takeRises(_ line: UInt32) -> [UInt64] {
        record.withLock { record in
            defer { record.edges = [] }
            return record.edges.filter { $0.line == line && $0.level }.map(\.time)
        }
    }

    func takeRequests() -> [PowerRequest] {
        record.withLock { record in
            defer { record.requests = [] }
            return record.requests
        }
    }
}

/// The machine's times that tests speak of, in nanoseconds.
let second: UInt64 = 1_000_000_000
let millisecond: UInt64 = 1_000_000
let microsecond: UInt64 = 1_000

/// Accesses as a driver writes them.
extension BusDevice {
    func get(_ width: AccessWidth, at offset: UInt64) -> UInt64 {
        read(Access(offset: offset, width: width)) & width.mask
    }

    func put(_ width: AccessWidth, _ value: UInt64, at offset: UInt64) {
        write(value & width.mask, Access(offset: offset, width: width))
    }
}
