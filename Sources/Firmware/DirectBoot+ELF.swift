import Hypervisor

extension DirectBoot {
    /// What Linux takes on x86 (COMMAND_LINE_SIZE less the NUL). An ELF file states no limit, and a kernel that cuts
    /// its command line silently is worse than a refusal.
    private static let linuxCommandLineLimit = 2047

    /// Plans an ELF kernel: its segments where they say, then PVH's structures or Linux' own.
    func plan(_ image: ELFImage, _ ledger: inout MemoryLedger) throws(FirmwareError) -> BootPlan {
        let path = kernel.file.path
        let commandLine = try commandLineBytes(limit: Self.linuxCommandLineLimit)
        var end: UInt64 = 0
        var start = UInt64.max
        for segment in image.segments {
            // Both ways in address 4 GiB: PVH without paging, long mode by our page tables.
            guard segment.memory.upperBound <= 1 << 32 else {
                throw .outsideMemory(file: path, range: segment.memory)
            }
            do throws(MemoryLedger.Refusal) {
                try ledger.claim(segment.memory, for: "another of its segments")
            } catch {
                switch error {
                case .outsideRAM: throw ledger.shortage(of: segment.memory, file: path)
                case .taken(let other): throw .overlaps(file: path, range: segment.memory, other: other)
                }
            }
            end = max(end, segment.memory.upperBound)
            start = min(start, segment.memory.lowerBound)
        }
        // A kernel that is entered without paging, or by its own idea of where boot data ends, takes 32-bit addresses.
        let high = LowMemory.highMemory
        let initrd = try placeInitrd([high..<1 << 32], &ledger, kernel: start..<end)

        var plan: BootPlan
        if let pvhEntry = image.pvhEntry {
            plan = BootPlan(entry: try .pvh(at: pvhEntry), kernel: start..<end, initrd: initrd)
            let info = PVHStartInfo(map: memoryMap, rootPointer: rootPointer, initrd: initrd)
            plan.place("the PVH start information", at: LowMemory.startInfo.lowerBound, info.bytes)
            plan.placeCommon(commandLine: commandLine)
        } else {
            plan = BootPlan(entry: try .linux64(at: image.entry), kernel: start..<end, initrd: initrd)
            var parameters = BootParameters()
            plan.placeLinux(&parameters, commandLine: commandLine, for: self)
        }
        for segment in image.segments { plan.place(segment, of: kernel.file) }
        plan.placeInitrd(of: self)
        return plan
    }
}

extension BootPlan {
    /// A segment's bytes from the file, then zeros for the rest.
    fileprivate mutating func place(_ segment: ELFImage.Segment, of file: ImageFile) {
        let middle = segment.memory.lowerBound + (segment.file.upperBound - segment.file.lowerBound)
        place("the kernel", segment.memory.lowerBound..<middle, .file(file, offset: segment.file.lowerBound))
        place("the kernel", middle..<segment.memory.upperBound, .zero)
    }
}
