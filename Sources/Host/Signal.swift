internal import CLinux
internal import Glibc

/// Process signals, as far as a VMM has to do with them.
package enum Signal {
    /// Kicks a vCPU out of `KVM_RUN`; its handler does nothing, the interruption is the message.
    package static let kick: Int32 = SIGUSR1

    /// Blocks every signal but `kick` in the calling thread, whatever its creator had blocked: a thread that inherits
    /// a blocked `kick` would never leave the guest.
    package static func blockAll() {
        var set = sigset_t()
        unsafe sigfillset(&set)
        unsafe sigdelset(&set, kick)
        _ = unsafe pthread_sigmask(SIG_SETMASK, &set, nil)
    }

    /// Installs the empty handler of `kick` and ignores SIGPIPE. Once per process, before threads.
    package static func prepareProcess() {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        _ = unsafe sigaction(kick, &action, nil)
        _ = Glibc.signal(SIGPIPE, SIG_IGN)
    }

    /// A descriptor that becomes readable when one of `numbers` arrives; they are blocked in the calling thread.
    package static func descriptor(for numbers: [Int32]) throws(Errno) -> FileDescriptor {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let flags = Int32(SFD_CLOEXEC | SFD_NONBLOCK)
        return FileDescriptor(owning: try Errno.check(unsafe signalfd(-1, &set, flags)))
    }

    /// The next signal that waits in `descriptor`, if any.
    package static func next(in descriptor: borrowing FileDescriptor) -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        let count = unsafe read(descriptor.rawValue, &information, size)
        return count == size ? Int32(information.ssi_signo) : nil
    }
}
