/// Cuts a stream of bytes into JSON values.
///
///     stream.feed(bytes)
///     while let element = stream.next() { … }
///
/// Values need no newline between them or after them; several may come in one piece and one in many. After malformed
/// input one error comes out, and reading resumes at the next line or the next `{`. Each byte is looked at once while
/// it waits for the rest of its value, so a client that sends one byte at a time costs no more.
///
/// Belongs to one thread. Holds at most one unfinished value of `limits.size` bytes beside what was fed and not yet
/// taken.
package struct JSONStream {
    private var buffer: [UInt8] = []
    /// Where the current value begins in `buffer`, and the first byte not scanned yet.
    private var start = 0
    private var position = 0
    private var scanner: JSONScanner
    /// After an error: dropping bytes until something looks like a beginning.
    private var isRecovering = false
    private let limits: JSONLimits

    package init(limits: JSONLimits = JSONLimits(depth: 1024)) {
        self.limits = limits
        scanner = JSONScanner(depthLimit: limits.depth)
    }

    /// Whether nothing unfinished is held.
    package var isIdle: Bool { start == buffer.count && scanner.isOutside }

    package mutating func feed(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            position -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next complete value, or the error that stood in its place; `nil` until more is fed.
    package mutating func next() -> Result<JSON, JSONError>? {
        while position < buffer.count {
            let byte = buffer[position]
            if isRecovering, !endsRecovery(byte) {
                position += 1
                start = position
                continue
            }
            switch scanner.take(byte) {
            case .outside:
                position += 1
                start = position
            case .inside:
                position += 1
                if position - start > limits.size { return fail(.tooLarge(limit: limits.size)) }
            case .complete:
                position += 1
                return parseCurrent()
            case .completeBefore:
                return parseCurrent()
            case .tooDeep:
                position += 1
                return fail(.tooDeep(limit: limits.depth))
            case .broken(let reason):
                let offset = position - start
                position += 1
                let failure = fail(.syntax(offset: offset, reason: reason))
                // A broken line that ends here needs no search for its end.
                if byte == 0x0a || byte == 0xff { isRecovering = false }
                return failure
            }
        }
        return nil
    }

    /// What the end of the stream makes of the bytes that wait: a bare word's value, an error, or `nil` for nothing.
    package mutating func finish() -> Result<JSON, JSONError>? {
        if let element = next() { return element }
        if scanner.isInWord { return parseCurrent() }
        guard !isIdle, !isRecovering else { return nil }
        return fail(.unfinished)
    }

    private mutating func parseCurrent() -> Result<JSON, JSONError> {
        let bytes = buffer[start..<position]
        scanner.reset()
        defer { dropCurrent() }
        do throws(JSONError) {
            return .success(try JSON.parse(bytes, limits: limits))
        } catch {
            return .failure(error)
        }
    }

    private mutating func fail(_ error: JSONError) -> Result<JSON, JSONError> {
        scanner.reset()
        isRecovering = true
        dropCurrent()
        return .failure(error)
    }

    private mutating func dropCurrent() {
        start = position
        guard start == buffer.count else { return }
        // A single large message must not keep its memory for the life of the connection.
        buffer.removeAll(keepingCapacity: buffer.count <= 64 << 10)
        start = 0
        position = 0
    }

    /// A new line, QEMU's reset byte, or the beginning of an object end the search for a new beginning.
    private mutating func endsRecovery(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"):
            isRecovering = false
            return true
        case 0x0a, 0xff:
            isRecovering = false
            return false
        default: return false
        }
    }
}
