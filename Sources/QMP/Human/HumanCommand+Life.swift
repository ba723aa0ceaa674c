internal import Host
internal import Machine

// Running, resetting and ending.
extension HumanCommand {
    static let life: [HumanCommand] = [
        HumanCommand("stop", or: "s", "stop the guest") { context, _ in
            context.machine.stop()
            return ""
        },
        HumanCommand("cont", or: "c", "let the guest go on") { context, _ in
            try context.machine.resume()
            return ""
        },
        HumanCommand("system_reset", "reset the machine") { context, _ in
            context.machine.reset()
            return ""
        },
        HumanCommand("system_powerdown", "press the power button") { context, _ in
            context.machine.pressPowerButton()
            return ""
        },
        // Posted, so that whoever asked gets an answer first.
        HumanCommand("quit", or: "q", "end Apus") { context, _ in
            let machine = context.machine
            machine.loop.post { machine.quit(reason: "host-qmp-quit") }
            return ""
        },
    ]
}
