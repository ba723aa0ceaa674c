internal import Host
internal import Synchronization

/// Which front end a back end talks to at the moment. Thread-safe; nothing is called under its lock.
final class FrontEndSlot: Sendable {
    private let slot = Mutex<(any CharacterFrontEnd)?>(nil)

    var current: (any CharacterFrontEnd)? { slot.withLock { $0 } }

    func set(_ frontEnd: (any CharacterFrontEnd)?) { slot.withLock { $0 = frontEnd } }

    /// Tells `frontEnd` on the loop that the stream was open before it came, if both still hold then.
    func announce(_ frontEnd: any CharacterFrontEnd, on loop: EventLoop, _ isOpen: @escaping @Sendable () -> Bool) {
        // Who comes later announces himself.
        guard isOpen() else { return }
        // Weakly: a loop that never turns again must not keep whoever has it.
        loop.post { [weak self, weak frontEnd] in
            guard let self, let frontEnd else { return }
            if current === frontEnd, isOpen() { frontEnd.handle(.opened) }
        }
    }
}
