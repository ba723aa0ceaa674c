internal import Host
internal import Memory

/// What a session needs of the registers in front of it.
protocol SessionTransport: VirtioTransport {
    /// Guest memory, or nil while the guest keeps the device from reaching it.
    var memory: GuestMemory? { get }

    /// The interrupt of queue `index`, as the driver routes it now and later.
    func interrupt(ofQueue index: Int) -> any QueueInterrupt

    /// Tells the driver that configuration or status changed.
    func signalConfigurationInterrupt()

    /// Takes back every interrupt, and forgets how they were routed.
    func clearInterrupts()

    /// Queue `index` is about to start: its doorbell may go straight to `kick`. Called again after each pause.
    func queueStarts(_ index: Int, kick: EventFD)

    /// Queue `index` is as after power-on.
    func queueReset(_ index: Int)
}
