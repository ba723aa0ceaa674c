/// Bytes that are put together field by field.
struct ImageBytes {
    var bytes: [UInt8]

    init(size: Int) { bytes = [UInt8](repeating: 0, count: size) }

    mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<MemoryLayout<Value>.size {
            bytes[offset + index] = UInt8(truncatingIfNeeded: UInt64(truncatingIfNeeded: value) >> UInt64(8 * index))
        }
    }
}

/// A bzImage of zeros with a header as Debian's 6.1 kernel has it, smaller.
struct SyntheticBzImage {
    var setupSectors: UInt8 = 3
    var version: UInt16 = 0x020f
    var loadFlags: UInt8 = 1
    var flags64: UInt16 = 3
    var relocatable: UInt8 = 1
    var alignment: UInt32 = 0x20_0000
    var preferredAddress: UInt64 = 0x100_0000
    var initSize: UInt32 = 0x200_0000
    var initrdLast: UInt32 = 0x7fff_ffff
    var commandLineSize: UInt32 = 2047
    var payload = 4096
    var jump: UInt8 = 0x6a

    /// Where the payload begins in the file.
    var payloadOffset: Int { (Int(setupSectors == 0 ? 4 : setupSectors) + 1) * 512 }

    var bytes: [UInt8] {
        var image = ImageBytes(size: payloadOffset + payload)
        image.put(setupSectors, at: 0x1f1)
        image.put(UInt32((payload + 15) / 16), at: 0x1f4)
        image.put(UInt16(0xaa55), at: 0x1fe)
        image.put(UInt8(0xeb), at: 0x200)
        image.put(jump, at: 0x201)
        image.put(UInt32(0x5372_6448), at: 0x202)
        image.put(version, at: 0x206)
        image.put(loadFlags, at: 0x211)
        image.put(initrdLast, at: 0x22c)
        image.put(alignment, at: 0x230)
        image.put(relocatable, at: 0x234)
        image.put(flags64, at: 0x236)
        image.put(commandLineSize, at: 0x238)
        image.put(preferredAddress, at: 0x258)
        image.put(initSize, at: 0x260)
        // Something to recognise the payload by in guest memory.
        for index in 0..<payload { image.bytes[payloadOffset + index] = UInt8(truncatingIfNeeded: index &* 7 &+ 1) }
        return image.bytes
    }
}

/// An ELF64 kernel: program headers, then the contents of its segments, then its notes.
struct SyntheticELF {
    struct Segment {
        var address: UInt64
        var fileSize = 256
        var memorySize: UInt64 = 4096
    }

    var entry: UInt64 = 0x100_0000
    var segments = [Segment(address: 0x100_0000)]
    var pvhEntry: UInt64?
    var machine: UInt16 = 62
    var type: UInt16 = 2
    var elfClass: UInt8 = 2
    var byteOrder: UInt8 = 1

    static let headerSize = 64
    static let programHeaderSize = 56
    var headerCount: Int { segments.count + (pvhEntry == nil ? 0 : 1) }
    /// Where the first segment's contents are in the file.
    var contents: Int { Self.headerSize + headerCount * Self.programHeaderSize }

    var bytes: [UInt8] {
        let notes = contents + segments.reduce(0) { $0 + $1.fileSize }
        var image = ImageBytes(size: notes + (pvhEntry == nil ? 0 : 40))
        image.put(UInt32(0x464c_457f), at: 0)
        image.put(elfClass, at: 4)
        image.put(byteOrder, at: 5)
        image.put(UInt8(1), at: 6)
        image.put(type, at: 16)
        image.put(machine, at: 18)
        image.put(entry, at: 24)
        image.put(UInt64(64), at: 32)
        image.put(UInt16(56), at: 54)
        image.put(UInt16(headerCount), at: 56)
        var offset = contents
        for (index, segment) in segments.enumerated() {
            put(&image, header: index, type: 1, offset, segment.address, segment.fileSize, segment.memorySize)
            for byte in 0..<segment.fileSize {
                image.bytes[offset + byte] = UInt8(truncatingIfNeeded: byte &+ index &+ 1)
            }
            offset += segment.fileSize
        }
        if let pvhEntry {
            put(&image, header: segments.count, type: 4, notes, 0, 40, 40)
            // Another note first, so that walking is needed: name "GNU", 2 bytes of contents, padded to 4.
            image.put(UInt32(4), at: notes)
            image.put(UInt32(2), at: notes + 4)
            image.put(UInt32(18), at: notes + 8)
            image.put(UInt32(0x0055_4e47), at: notes + 12)
            image.put(UInt32(4), at: notes + 20)
            image.put(UInt32(4), at: notes + 24)
            image.put(UInt32(18), at: notes + 28)
            image.put(UInt32(0x006e_6558), at: notes + 32)
            image.put(UInt32(truncatingIfNeeded: pvhEntry), at: notes + 36)
        }
        return image.bytes
    }

    private func put(
        _ image: inout ImageBytes, header: Int, type: UInt32, _ offset: Int, _ address: UInt64, _ fileSize: Int,
        _ memorySize: UInt64
    ) {
        let position = Self.headerSize + header * Self.programHeaderSize
        image.put(type, at: position)
        image.put(UInt64(offset), at: position + 8)
        image.put(address, at: position + 16)
        image.put(address, at: position + 24)
        image.put(UInt64(fileSize), at: position + 32)
        image.put(memorySize, at: position + 40)
        image.put(UInt64(4), at: position + 48)
    }
}
