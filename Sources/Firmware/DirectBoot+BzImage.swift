import Hypervisor

extension DirectBoot {
    /// Plans a bzImage: boot parameters, command line, kernel and initrd.
    func plan(_ image: BzImage, _ ledger: inout MemoryLedger) throws(FirmwareError) -> BootPlan {
        let commandLine = try commandLineBytes(limit: image.commandLineLimit)
        let place = try image.place(in: ledger, file: kernel.file.path)
        do throws(MemoryLedger.Refusal) {
            try ledger.claim(place, for: "the kernel")
        } catch {
            throw ledger.shortage(of: place, file: kernel.file.path)
        }
        let initrd = try placeInitrd(Self.initrdWindows(image), &ledger, kernel: place)

        let start = place.lowerBound
        let entry = image.is64Bit
            ? try EntryState.linux64(at: start + BzImage.entry64Offset) : try EntryState.linux32(at: start)
        var plan = BootPlan(entry: entry, kernel: place, initrd: initrd)
        var parameters = BootParameters(for: image, at: start)
        plan.placeLinux(&parameters, commandLine: commandLine, for: self)
        let size = image.payload.upperBound - image.payload.lowerBound
        plan.place("the kernel", start..<start + size, .file(kernel.file, offset: image.payload.lowerBound))
        plan.placeInitrd(of: self)
        return plan
    }

    /// Where the kernel takes an initrd, the best place first.
    ///
    /// Below `initrd_addr_max` every kernel finds it. One that can be loaded above 4 GiB takes it anywhere, but then
    /// below 4 GiB is still better: the direct map of early boot covers it.
    private static func initrdWindows(_ image: BzImage) -> [AddressRange] {
        let fourGiB: UInt64 = 1 << 32
        let low = LowMemory.highMemory..<max(LowMemory.highMemory, min(image.initrdLast + 1, fourGiB))
        return image.acceptsHighInitrd
            ? [low, LowMemory.highMemory..<fourGiB, fourGiB..<UInt64.max] : [low]
    }
}

extension BootPlan {
    /// Boot parameters, command line, descriptors and, for long mode, page tables.
    mutating func placeLinux(_ parameters: inout BootParameters, commandLine: [UInt8], for boot: DirectBoot) {
        parameters.setMemoryMap(boot.memoryMap)
        if let rootPointer = boot.rootPointer { parameters.setRootPointer(rootPointer) }
        if let initrd { parameters.setInitrd(initrd) }
        place("the boot parameters", at: LowMemory.bootParameters.lowerBound, parameters.bytes)
        placeCommon(commandLine: commandLine)
    }

    /// What every way in needs.
    mutating func placeCommon(commandLine: [UInt8]) {
        let descriptors = FlatDescriptorTable.bytes(is64Bit: entry.is64Bit)
        place("the command line", at: LowMemory.commandLine.lowerBound, commandLine)
        place("the descriptor table", at: LowMemory.descriptorTable.lowerBound, descriptors)
        if entry.is64Bit {
            let tables = LowMemory.pageTables.lowerBound
            place("the page tables", at: tables, IdentityPageTables.bytes(at: tables))
        }
    }

    mutating func placeInitrd(of boot: DirectBoot) {
        guard let initrd, let file = boot.initrd else { return }
        place("the initrd", initrd, .file(file, offset: 0))
    }
}
