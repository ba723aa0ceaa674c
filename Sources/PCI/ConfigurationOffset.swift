/// The registers of configuration space that the framework knows. PCI 3.0 §6.1, PCI-to-PCI Bridge 1.2 §3.2.
enum ConfigurationOffset {
    static let vendor = 0x00
    static let device = 0x02
    static let command = 0x04
    static let status = 0x06
    static let revision = 0x08
    static let cacheLine = 0x0c
    static let latencyTimer = 0x0d
    static let headerType = 0x0e
    static let bar0 = 0x10
    static let subsystemVendor = 0x2c
    static let subsystem = 0x2e
    static let capabilities = 0x34
    static let interruptLine = 0x3c
    static let interruptPin = 0x3d

    // Type 1 (bridges)
    static let primaryBus = 0x18
    static let secondaryBus = 0x19
    static let subordinateBus = 0x1a
    static let ioBase = 0x1c
    static let secondaryStatus = 0x1e
    static let memoryBase = 0x20
    static let prefetchableBase = 0x24
    static let prefetchableBaseUpper = 0x28
    static let prefetchableLimitUpper = 0x2c
    static let bridgeControl = 0x3e

    /// The first byte that capabilities may use, and the first of extended configuration space.
    static let firstCapability = 0x40
    static let extended = 0x100
    static let end = 0x1000
}

/// Bits of the COMMAND register.
struct PCICommand: OptionSet {
    let rawValue: UInt16

    static let io = PCICommand(rawValue: 1 << 0)
    static let memory = PCICommand(rawValue: 1 << 1)
    static let busMaster = PCICommand(rawValue: 1 << 2)
    static let parity = PCICommand(rawValue: 1 << 6)
    static let systemError = PCICommand(rawValue: 1 << 8)
    static let interruptDisable = PCICommand(rawValue: 1 << 10)

    static let writable: PCICommand = [.io, .memory, .busMaster, .parity, .systemError, .interruptDisable]
}

/// Bits of the STATUS register, and of a bridge's secondary status.
enum PCIStatus {
    static let interrupt: UInt16 = 1 << 3
    static let capabilities: UInt16 = 1 << 4
    /// The error bits, which a guest clears by writing one.
    static let errors: UInt16 = 0xf900
}
