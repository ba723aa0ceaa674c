/// Cuts a stream of bytes into lines, and gives up on a line that is too long without giving up on the stream.
struct LineReader {
    enum Line: Equatable {
        /// Without its line feed.
        case text([UInt8])
        /// Longer than the limit; its bytes are gone.
        case tooLong
    }

    /// The longest line that is kept.
    let limit: Int
    private var buffer: [UInt8] = []
    /// Where the next line begins, and how far it has been looked for a line feed.
    private var start = 0
    private var searched = 0
    private var isDiscarding = false

    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: some Collection<UInt8>) {
        // What is read is dropped once it is the larger part, so that each byte moves a constant number of times.
        if start > buffer.count / 2 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer += bytes
    }

    /// The next line that is complete.
    mutating func next() -> Line? {
        guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = buffer.count
            if searched - start > limit { isDiscarding = true }
            if isDiscarding { start = searched }
            return nil
        }
        let line = buffer[start..<end]
        start = end + 1
        searched = start
        if isDiscarding || line.count > limit {
            isDiscarding = false
            return .tooLong
        }
        return .text(Array(line))
    }
}
