import Support

/// The ways a driver can break a queue of eight entries. Each is applied to a queue that was just brought up.
enum Malformation: CaseIterable {
    case headOutOfTable, nextOutOfTable, loopOfOne, loopOfAll
    case emptyBuffer, bufferInNothing, bufferPastMemory, bufferPastSpace, bufferAcrossHole
    case readableBehindWritable
    case availableIndexJump
    case indirectInIndirect, indirectWithNext, indirectEmpty, indirectOddLength, indirectTooLong, indirectInNothing
    case indirectLoop, indirectNextOutOfTable
    case noBuffers

    func apply(to queue: VirtioGuestQueue) {
        let buffer: UInt64 = 1 << 20
        let table: UInt64 = 2 << 20
        typealias Queue = VirtioGuestQueue
        switch self {
        case .headOutOfTable:
            queue.makeAvailable(8)
        case .nextOutOfTable:
            queue.setDescriptor(0, buffer, 16, Queue.write | Queue.next, next: 8)
            queue.makeAvailable(0)
        case .loopOfOne:
            queue.setDescriptor(0, buffer, 16, Queue.write | Queue.next, next: 0)
            queue.makeAvailable(0)
        case .loopOfAll:
            for index in UInt16(0)..<8 {
                queue.setDescriptor(index, buffer, 16, Queue.write | Queue.next, next: (index + 1) % 8)
            }
            queue.makeAvailable(3)
        case .emptyBuffer:
            queue.setDescriptor(0, buffer, 0, Queue.write)
            queue.makeAvailable(0)
        case .bufferInNothing:
            queue.setDescriptor(0, 0x4000_0000, 16, Queue.write)
            queue.makeAvailable(0)
        case .bufferPastMemory:
            queue.setDescriptor(0, TestMachine.ramEnd - 8, 16, Queue.write)
            queue.makeAvailable(0)
        case .bufferPastSpace:
            queue.setDescriptor(0, .max - 7, .max, Queue.write)
            queue.makeAvailable(0)
        case .bufferAcrossHole:
            queue.setDescriptor(0, TestMachine.ramEnd - 4096, 0x1000_0000, Queue.write)
            queue.makeAvailable(0)
        case .readableBehindWritable:
            queue.setDescriptor(0, buffer, 16, Queue.write | Queue.next, next: 1)
            queue.setDescriptor(1, buffer, 16, 0)
            queue.makeAvailable(0)
        case .availableIndexJump:
            queue.setDescriptor(0, buffer, 16, Queue.write)
            queue.setAvailableIndex(9)
        case .indirectInIndirect:
            queue.setDescriptor(0, table, 16, Queue.indirect)
            queue.setDescriptor(0, table + 64, 16, Queue.indirect, in: table)
            queue.makeAvailable(0)
        case .indirectWithNext:
            queue.setDescriptor(0, table, 16, Queue.indirect | Queue.next, next: 1)
            queue.setDescriptor(0, buffer, 16, Queue.write, in: table)
            queue.makeAvailable(0)
        case .indirectEmpty:
            queue.setDescriptor(0, table, 0, Queue.indirect)
            queue.makeAvailable(0)
        case .indirectOddLength:
            queue.setDescriptor(0, table, 24, Queue.indirect)
            queue.makeAvailable(0)
        case .indirectTooLong:
            queue.setDescriptor(0, table, 16 * 1025, Queue.indirect)
            queue.makeAvailable(0)
        case .indirectInNothing:
            queue.setDescriptor(0, 0x4000_0000, 16, Queue.indirect)
            queue.makeAvailable(0)
        case .indirectLoop:
            queue.setDescriptor(0, table, 32, Queue.indirect)
            queue.setDescriptor(0, buffer, 16, Queue.write | Queue.next, next: 1, in: table)
            queue.setDescriptor(1, buffer, 16, Queue.write | Queue.next, next: 0, in: table)
            queue.makeAvailable(0)
        case .indirectNextOutOfTable:
            queue.setDescriptor(0, table, 16, Queue.indirect)
            queue.setDescriptor(0, buffer, 16, Queue.write | Queue.next, next: 1, in: table)
            queue.makeAvailable(0)
        case .noBuffers:
            // Readable only, and too short for any header.
            queue.setDescriptor(0, buffer, 4, 0)
            queue.makeAvailable(0)
        }
    }
}
