import Block
import Glibc
import Host
import Support

/// Memory for the requests of a test, and the waiting for their answers.
///
/// `misalignment` moves every segment off the alignment that O_DIRECT wants.
@safe final class Transfer {
    let queue: any BlockQueue
    private let memory: UnsafeMutableRawBufferPointer
    private var vectors = unsafe [UnsafeMutableBufferPointer<iovec>]()

    init(_ queue: any BlockQueue, count: Int = 1 << 20) {
        self.queue = queue
        unsafe memory = .allocate(byteCount: count + 8192, alignment: 4096)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        for unsafe vector in unsafe vectors { unsafe vector.deallocate() }
        unsafe memory.deallocate()
    }

    func fill(_ bytes: [UInt8], at offset: Int = 0) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count]).copyBytes(from: bytes)
    }

    func bytes(_ count: Int, at offset: Int = 0) -> [UInt8] { unsafe Array(memory[offset..<offset + count]) }

    /// Submits a request over segments of the memory, one after another from `start`.
    func submit(
        _ operation: BlockRequest.Operation, offset: UInt64 = 0, count: UInt64 = 0, lengths: [Int] = [], start: Int = 0,
        tag: Int = 0
    ) {
        let vector = UnsafeMutableBufferPointer<iovec>.allocate(capacity: lengths.count)
        var position = start
        for (index, length) in lengths.enumerated() {
            unsafe vector.initializeElement(
                at: index, to: iovec(iov_base: memory.baseAddress.unsafelyUnwrapped + position, iov_len: length))
            position += length
        }
        unsafe vectors.append(vector)
        let total = count > 0 ? count : UInt64(lengths.reduce(0, +))
        unsafe queue.submit(
            BlockRequest(operation, offset: offset, count: total, segments: UnsafeBufferPointer(vector), tag: tag))
    }

    /// Every answer to what is in flight.
    func drain() -> [BlockCompletion] {
        var answers: [BlockCompletion] = []
        queue.dispatch()
        while queue.inFlight > 0 {
            while let completion = queue.nextCompletion() { answers.append(completion) }
            if queue.inFlight > 0 { queue.waitForCompletion() }
        }
        return answers
    }

    /// One request, waited for: its error.
    func perform(
        _ operation: BlockRequest.Operation, offset: UInt64 = 0, count: UInt64 = 0, lengths: [Int] = [], start: Int = 0
    ) -> Errno? {
        submit(operation, offset: offset, count: count, lengths: lengths, start: start, tag: 3)
        let answers = drain()
        return answers.count == 1 && answers[0].tag == 3 ? answers[0].error : .invalid
    }
}

/// The ways an image file can be used.
enum Way: CaseIterable {
    case native, threads, threadsDirect, ring, ringDirect

    var options: ImageOptions {
        var options = ImageOptions()
        options.engine =
            switch self {
            case .native: .native
            case .threads, .threadsDirect: .threads
            case .ring, .ringDirect: .ring
            }
        options.direct = self != .threads && self != .ring
        options.discard = .unmap
        return options
    }

    /// Whether tests' files take it: some file systems have no O_DIRECT, and some hosts no io_uring.
    static let here: [Way] = {
        let file = TemporaryFile(size: 4096)
        return allCases.filter { way in
            (try? RawImage(path: file.path, options: way.options).makeQueue(depth: 1)) != nil
        }
    }()
}

func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256 &* 7 &+ seed) }
}
