internal import Character
internal import Configuration
package import Machine

/// Every monitor of a machine: `-qmp`, `-monitor`, `-mon`, and those that share a console's stream (`mon:stdio`).
///
/// Control thread only.
package final class MonitorServer {
    private let ends: [any MonitorEnd]

    /// Opens the monitors' streams; clients are greeted from the next turn of the loop on.
    package init(_ machine: Machine) throws(MachineError) {
        let monitor = Monitor(machine)
        var ends: [any MonitorEnd] = []
        for (index, configuration) in machine.configuration.monitors.enumerated() {
            let backend = try machine.backEnds.character(
                configuration.channel, for: "monitor", label: "compat_monitor\(index)")
            guard let backend else { continue }
            switch configuration.mode {
            case .control: ends.append(MonitorPort(monitor, backend))
            case .readline: ends.append(HumanPort(machine, backend))
            }
        }
        for backend in machine.backEnds.makeMonitorPorts() { ends.append(HumanPort(machine, backend)) }
        for end in ends { end.backend.attach(end) }
        self.ends = ends
    }

    /// Sends what can still be sent and closes the streams. Idempotent.
    package func close() {
        for end in ends {
            end.flush()
            end.backend.close()
        }
    }
}

/// A monitor at the end of a character stream.
protocol MonitorEnd: CharacterFrontEnd {
    var backend: any CharacterBackend { get }

    /// Sends what was written; used before the process ends, so that the last answer arrives.
    func flush()
}
