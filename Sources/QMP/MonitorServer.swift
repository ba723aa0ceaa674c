internal import Configuration
package import Machine
internal import Character

/// Every monitor of a machine: `-qmp`, `-mon`.
///
/// Control thread only.
package final class MonitorServer {
    private let ports: [MonitorPort]

    /// Opens the monitors' streams; clients are greeted from the next turn of the loop on.
    package init(_ machine: Machine) throws(MachineError) {
        let monitor = Monitor(machine)
        var ports: [MonitorPort] = []
        for configuration in machine.configuration.monitors {
            guard configuration.mode == .control else {
                throw .part(option: "-mon", reason: "Only mode=control (QMP) is supported yet.")
            }
            guard let backend = try machine.backEnds.character(configuration.channel, for: "monitor") else { continue }
            let port = MonitorPort(monitor, backend)
            backend.attach(port)
            ports.append(port)
        }
        self.ports = ports
    }

    /// Sends what can still be sent and closes the streams. Idempotent.
    package func close() {
        for port in ports {
            port.flush()
            port.backend.close()
        }
    }
}
