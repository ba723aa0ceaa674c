internal import Block
internal import Character
package import Configuration
package import Host
package import Log
internal import Synchronization

/// The host's side of a machine's devices, by the names users gave them: disk images, I/O threads, sources of
/// randomness, character streams.
///
/// Devices name their back ends (`drive=d0`, `iothread=t0`, `rng=r0`), in any order with them on the command line; so all
/// back ends are made first, and devices look them up. A back end that only one device can have is *claimed*.
///
/// Control thread only.
package final class BackEnds: Sendable {
    struct State {
        var blocks: [BlockBackEnd] = []
        var ioThreads: [IOThread] = []
        var objects: [ObjectConfiguration] = []
        var shared: IOThread?
        var streams: [CharacterStream] = []
        var throttleGroups: [ThrottleGroup] = []
    }

    let loop: EventLoop
    /// The machine's time, which limits are kept by: they stand still with the guest.
    let clock: Clock
    let log: Log
    /// What `Ctrl-A x` on a shared terminal does.
    let quit: @Sendable () -> Void
    /// Readable once the process is to end; what waits for a client waits no longer then.
    let interruption: Int32?
    let state = Mutex(State())
    /// `/dev/fdset/N`.
    package let descriptorSets = DescriptorSets()
    /// What QMP `getfd` got.
    package let namedDescriptors = NamedDescriptors()

    /// - Parameter loop: the control thread's, which serves character streams.
    package init(
        loop: EventLoop, clock: Clock, log: Log, interruption: Int32? = nil, quit: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.clock = clock
        self.log = log
        self.interruption = interruption
        self.quit = quit
    }

    /// Makes everything that devices may name, but the drives: those may become devices themselves.
    func add(_ configuration: MachineConfiguration) throws(MachineError) {
        try adopt(configuration.process.descriptors)
        for object in configuration.objects { try add(object) }
        try add(configuration.characters)
        try add(configuration.blockNodes)
    }

    // MARK: Descriptors

    /// Takes what `-add-fd` names into the sets. One descriptor may be in several, so the originals are closed last.
    private func adopt(_ inherited: [InheritedDescriptorConfiguration]) throws(MachineError) {
        for each in inherited {
            do throws(Errno) {
                try descriptorSets.adopt(each.descriptor, to: each.set, opaque: each.opaque)
            } catch {
                throw .part(
                    option: "-add-fd fd=\(each.descriptor)", reason: "No descriptor of this number was inherited: \(error).")
            }
        }
        for number in Set(inherited.map(\.descriptor)) { _ = FileDescriptor(owning: number) }
    }

    // MARK: I/O threads

    /// The `-object iothread`s.
    package var ioThreads: [IOThread] { state.withLock { $0.ioThreads } }

    /// The named I/O thread, or the one that devices share which name none.
    func ioThread(named name: String?, for device: String) throws(MachineError) -> IOThread {
        guard let name else { return try sharedIOThread() }
        let threads = ioThreads
        if let thread = threads.first(where: { $0.identifier == name }) { return thread }
        throw .unknown(
            kind: "iothread", name: name, nearest: Spelling.nearest(to: name, among: threads.map(\.identifier)),
            hint: "\(device) needs -object iothread,id=\(name)")
    }

    private func sharedIOThread() throws(MachineError) -> IOThread {
        if let shared = state.withLock({ $0.shared }) { return shared }
        let thread = try makeIOThread("shared")
        state.withLock { $0.shared = thread }
        return thread
    }

    private func makeIOThread(
        _ name: String, polling: PollSettings = PollSettings()
    ) throws(MachineError) -> IOThread {
        do throws(Errno) {
            return try IOThread(name, polling: polling)
        } catch {
            throw .system(action: "start the I/O thread '\(name)'", errno: error)
        }
    }

    // MARK: Objects

    /// The `-object`s, in order.
    package var objects: [ObjectConfiguration] { state.withLock { $0.objects } }

    /// Makes an `-object`.
    func add(_ object: ObjectConfiguration) throws(MachineError) {
        guard !state.withLock({ $0.objects.contains { $0.identifier == object.identifier } }) else {
            throw .configuration(.duplicateIdentifier(kind: "object", identifier: object.identifier))
        }
        guard let type = ObjectType.named(object.type) else {
            throw .unknown(
                kind: "object type", name: object.type,
                nearest: Spelling.nearest(to: object.type, among: ObjectType.all.map(\.name)),
                hint: "-object help lists them")
        }
        try configured { () throws(ConfigurationError) in
            _ = try PropertyReader(object.properties, type.schema, subject: "-object \(object.type)")
        }
        if type.name == "throttle-group" { try addThrottleGroup(object) }
        if type.name == "iothread" {
            let polling = try configured { () throws(ConfigurationError) in
                try IOThreadProperties.polling(object.properties)
            }
            let thread = try makeIOThread(object.identifier, polling: polling)
            state.withLock { $0.ioThreads.append(thread) }
        }
        state.withLock { $0.objects.append(object) }
    }

    /// The named object, which must be of one of `types`.
    func object(named name: String, of types: [String], for device: String) throws(MachineError) -> ObjectConfiguration {
        let objects = state.withLock { $0.objects }
        guard let object = objects.first(where: { $0.identifier == name }) else {
            throw .unknown(
                kind: "object", name: name, nearest: Spelling.nearest(to: name, among: objects.map(\.identifier)),
                hint: "\(device) needs -object \(types[0]),id=\(name)")
        }
        guard types.contains(object.type) else {
            throw .part(option: device, reason: "'\(name)' is a \(object.type), not a \(types.joined(separator: " or ")).")
        }
        return object
    }

    /// Ends the threads and streams, when no device is left.
    func finish() {
        closeCharacters()
        descriptorSets.removeAll()
        namedDescriptors.removeAll()
        let threads = state.withLock { state in
            defer {
                state.ioThreads = []
                state.shared = nil
            }
            return state.ioThreads + (state.shared.map { [$0] } ?? [])
        }
        for thread in threads { thread.finish() }
    }
}
