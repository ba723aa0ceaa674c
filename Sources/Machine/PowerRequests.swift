internal import Block
internal import Bus
internal import Hypervisor
internal import Synchronization

/// What the guest's side asks of the control thread.
enum GuestRequest: Sendable {
    /// A device was told to reset or power off.
    case power(PowerRequest)
    /// The user wants the machine to end, from its own console.
    case quit
    /// The host failed a request of a disk.
    case diskFailed(DiskFailure)
    /// A vCPU stopped by itself.
    case stopped(vCPU: Int, VirtualCPUExit)
}

/// Takes what devices and vCPUs ask of the machine and hands it to the machine once that exists.
///
/// Devices and vCPU threads are made before the machine that owns them; this is the door they get. Requests come on vCPU
/// threads; before `deliver` they are dropped, since no guest code has run.
final class PowerRequests: PowerControl {
    private let handler = Mutex<(@Sendable (GuestRequest) -> Void)?>(nil)

    func request(_ request: PowerRequest) { send(.power(request)) }

    func send(_ request: GuestRequest) {
        let handler = handler.withLock { $0 }
        handler?(request)
    }

    /// From now on requests go to `newHandler`, on the thread they are made on.
    func deliver(to newHandler: @escaping @Sendable (GuestRequest) -> Void) {
        handler.withLock { $0 = newHandler }
    }
}
