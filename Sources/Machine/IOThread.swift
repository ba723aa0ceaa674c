package import Host

/// `-object iothread`: a thread with an event loop of its own, for the data path of the devices that name it.
///
/// Devices that name none share the machine's own I/O thread, so no data path ever runs on the control thread, which
/// therefore may wait for one to come to rest.
package final class IOThread: Sendable {
    package let identifier: String
    package let loop: EventLoop
    package let polling: PollSettings
    private let thread: Thread
    private let began: Guarded<Int32?>

    /// Starts the thread.
    init(_ identifier: String, polling: PollSettings = PollSettings()) throws(Errno) {
        self.identifier = identifier
        self.polling = polling
        let loop = try EventLoop(polling: polling)
        let began = Guarded<Int32?>(nil)
        self.loop = loop
        self.began = began
        thread = try Thread(name: "IO \(identifier)") {
            began.update { $0 = Thread.currentID }
            loop.run()
        }
    }

    /// The thread's id as the kernel counts, for `query-iothreads`.
    package var threadIdentifier: Int32 { began.wait { $0 } }

    /// Ends the thread, which must have no device left. Once.
    func finish() {
        loop.stop()
        thread.join()
    }
}
