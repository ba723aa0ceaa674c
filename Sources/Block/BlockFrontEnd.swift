/// The device that a guest has a disk as, seen by those who manage the disk.
///
/// Calls come on the control thread, whatever thread serves the disk's queues.
package protocol BlockFrontEnd: AnyObject, Sendable {
    /// What went through all of its queues since the machine was made.
    var statistics: BlockStatistics { get }

    /// Whether it has requests that failed and wait for the machine to go on.
    var health: BlockHealth { get }

    /// Shows the guest another size, which its requests are judged by from now on.
    ///
    /// When it returns, no request that was judged by the old size is in flight.
    func setCapacity(_ size: UInt64)

    /// Limits the disk as a member of a group, or not at all. What waits for an earlier group is sent.
    func setThrottle(_ member: ThrottleMember?)
}
