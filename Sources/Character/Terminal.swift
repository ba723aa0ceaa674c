internal import CLinux
internal import Glibc
internal import Synchronization

/// A terminal in raw mode, put back as it was on every way out.
///
/// `restore` is the ordinary way, called by the owner's `close`. Behind it stands a guard in C for the ways that pass
/// by the owner: `exit` from anywhere, and a crash (SIGSEGV and its kin), whose signal then does what it would have
/// done. SIGINT, SIGTERM and SIGHUP are no such ways: the machine reads them from a signalfd and ends normally. Only
/// SIGKILL leaves a raw terminal behind.
package final class Terminal: Sendable {
    private let descriptor: Int32
    /// The mode to go back to; nil once that was done.
    private let saved: Mutex<termios?>

    /// Puts the terminal at `descriptor` into raw mode; nil if it is no terminal. The descriptor is borrowed and must
    /// stay open until `restore`.
    ///
    /// - Parameter signals: whether Ctrl-C still makes a signal for this process, rather than a byte for the guest.
    package init?(_ descriptor: Int32, signals: Bool) {
        var mode = termios()
        guard unsafe tcgetattr(descriptor, &mode) == 0 else { return nil }
        self.descriptor = descriptor
        saved = Mutex(mode)
        // The guard comes first, so that no moment is without it.
        _ = unsafe apus_terminal_guard(descriptor, &mode)
        unsafe apus_terminal_make_raw(&mode, signals ? 1 : 0)
        _ = unsafe tcsetattr(descriptor, TCSANOW, &mode)
    }

    deinit { restore() }

    /// Puts the terminal back as it was found. Idempotent.
    package func restore() {
        saved.withLock { saved in
            guard var mode = saved else { return }
            saved = nil
            unsafe apus_terminal_put_back(descriptor, &mode)
            apus_terminal_unguard(descriptor)
        }
    }
}
