internal import CLinux
internal import Glibc

/// A thread of the operating system.
///
/// All signals but the vCPU kick are blocked in threads made here, so that only the main thread sees SIGTERM and its
/// kin. A thread is joined exactly once, by whoever owns this value.
package final class Thread: Sendable {
    private struct Start {
        let name: String
        let body: @Sendable () -> Void
    }

    private final class Box {
        let start: Start
        init(_ start: Start) { self.start = start }
    }

    private let handle: pthread_t

    /// Starts a thread. `name` is cut to the kernel's 15 bytes.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let box = unsafe Unmanaged.passRetained(Box(Start(name: name, body: body)))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().start
                Signal.blockAll()
                _ = unsafe apus_set_thread_name(String(start.name.prefix(15)))
                start.body()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            throw Errno(rawValue: result)
        }
        handle = thread
    }

    /// Waits for the thread to end. Call once.
    package func join() { _ = pthread_join(handle, nil) }

    /// Sends a signal to this thread, which must not have been joined yet.
    package func signal(_ number: Int32) { _ = pthread_kill(handle, number) }

    /// Names the calling thread; for the main thread that is the process's name, as `ps` and `pgrep` show it.
    package static func nameCurrent(_ name: String) { _ = unsafe apus_set_thread_name(String(name.prefix(15))) }

    /// The kernel's id of the calling thread, as `ps -T` shows it.
    package static var currentID: Int32 { apus_gettid() }
}
