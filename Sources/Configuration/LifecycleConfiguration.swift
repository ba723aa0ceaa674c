/// What the machine does when its guest, or the world, ends something.
package struct LifecycleConfiguration: Sendable, Equatable {
    package enum Reboot: String, Sendable, CaseIterable { case reset, shutdown }
    package enum Shutdown: String, Sendable, CaseIterable { case poweroff, pause }
    package enum Panic: String, Sendable, CaseIterable {
        case pause, shutdown, none
        case exitFailure = "exit-failure"
    }
    package enum Watchdog: String, Sendable, CaseIterable {
        case reset, shutdown, poweroff, pause, debug, none
        case injectNMI = "inject-nmi"
    }

    /// `-S`: built, but no processor runs until `cont`.
    package var startsPaused = false
    /// `-no-reboot` is `.shutdown`.
    package var reboot = Reboot.reset
    /// `-no-shutdown` is `.pause`.
    package var shutdown = Shutdown.poweroff
    package var panic = Panic.shutdown
    package var watchdog = Watchdog.reset

    package init() {}
}

/// What concerns the process rather than the guest.
package struct ProcessConfiguration: Sendable, Equatable {
    /// `-sandbox`, `-disable-seccomp`: `nil` is the default.
    package var sandbox: SandboxConfiguration?
    /// `-daemonize`: the parent ends once the monitors listen and the pid file is written.
    package var daemonizes = false
    /// `-pidfile`.
    package var pidFile: String?
    package var log = LogConfiguration()
    /// `-add-fd`, in order.
    package var descriptors: [InheritedDescriptorConfiguration] = []
    /// `-overcommit mem-lock=on`: lock all memory.
    package var locksMemory = false
    /// `-overcommit cpu-pm=on`: let the guest use the processor's idle states.
    package var passesIdleStates = false
    /// `-nographic`: the console is the terminal, and `Ctrl-A x` ends the machine.
    package var usesTerminal = false
    /// `-nodefaults`: no device but those asked for.
    package var omitsDefaults = false

    package init() {}
}

/// `-D [FILE]`, `-d item,…`, `-msg`.
package struct LogConfiguration: Sendable, Equatable {
    /// `nil` logs to standard error.
    package var file: String?
    /// What to log beyond warnings.
    package var items: Set<LogItem> = []
    /// `-msg timestamp=on`: messages begin with the time.
    package var hasTimestamps = false

    package init() {}
}

/// What `-d` can turn on.
package enum LogItem: String, Sendable, CaseIterable {
    case guestErrors = "guest_errors"
    case unimplemented = "unimp"

    package var summary: String {
        switch self {
        case .guestErrors: "the guest's accesses to memory where nothing is"
        case .unimplemented: "the guest's accesses to ports of devices that Apus does not have"
        }
    }
}

/// `-sandbox on,obsolete=…,elevateprivileges=…,spawn=…,resourcecontrol=…`.
package struct SandboxConfiguration: Sendable, Equatable {
    package var isEnabled: Bool
    /// The further rules, as written.
    package var rules: Properties

    package init(isEnabled: Bool, rules: Properties = Properties()) {
        self.isEnabled = isEnabled
        self.rules = rules
    }
}

/// `-add-fd fd=N,set=N[,opaque=TEXT]`: an inherited descriptor that `/dev/fdset/N` names.
package struct InheritedDescriptorConfiguration: Sendable, Equatable {
    package var descriptor: Int32
    package var set: Int
    package var opaque: String?

    package init(descriptor: Int32, set: Int, opaque: String? = nil) {
        self.descriptor = descriptor
        self.set = set
        self.opaque = opaque
    }
}
