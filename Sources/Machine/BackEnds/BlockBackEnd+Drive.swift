internal import Block
internal import Configuration
internal import Glibc
internal import Host
internal import Log

// `-drive`.
extension BackEnds {
    /// Opens a `-drive`; answers the name it has, which is made up where none was given.
    func add(_ drive: DriveConfiguration) throws(MachineError) -> String {
        let subject = "-drive \(drive.identifier.map { "id=\($0)" } ?? drive.file.map { "file=\($0)" } ?? "")"
        guard let path = drive.file else {
            throw .configuration(.missingProperty(subject: subject, name: "file"))
        }
        guard drive.format ?? "raw" == "raw" else {
            throw .part(option: subject, reason: "Format '\(drive.format ?? "")' is not supported; raw is.")
        }
        let name = drive.identifier ?? "virtio\(blocks.filter(\.isDrive).count)"
        var options = ImageOptions()
        options.isReadOnly = drive.isReadOnly || drive.media == .cdrom
        try configure(
            &options, cache: drive.cache, engine: drive.engine, discard: drive.discard, zeroes: drive.detectZeroes,
            subject: subject)
        let image = try blaming(subject) { () throws(BlockError) in try openImage(path, options) }
        let throttle = try throttle(of: drive, name: name, subject: subject)
        try append(
            BlockBackEnd(
                name: name, storageName: nil, driver: "raw", storageDriver: "file", path: path, image: image,
                cache: drive.cache, detectZeroes: drive.detectZeroes, hasWriteCache: drive.hasWriteCache, isDrive: true,
                readError: drive.readError, writeError: drive.writeError, throttle: throttle))
        return name
    }

    /// Opens an image by its path, which may be `/dev/fdset/N`.
    func openImage(_ path: String, _ options: ImageOptions) throws(BlockError) -> RawImage {
        guard DescriptorSets.isSet(path) else { return try RawImage(path: path, options: options) }
        let file: FileDescriptor
        do throws(Errno) {
            file = try descriptorSets.open(path, options.isReadOnly ? O_RDONLY : O_RDWR)
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
        return try RawImage(file, path: path, options: options)
    }

    /// The engine: what was asked for, or the kernel's own for O_DIRECT and threads for the page cache.
    func configure(
        _ options: inout ImageOptions, cache: CacheConfiguration, engine: BlockEngine?, discard: DiscardMode,
        zeroes: ZeroDetection, subject: String
    ) throws(MachineError) {
        guard zeroes != .unmap || discard == .unmap else {
            throw .part(option: subject, reason: "'detect-zeroes=unmap' needs 'discard=unmap'.")
        }
        options.detectZeroes =
            switch zeroes {
            case .off: .off
            case .on: .zero
            case .unmap: .unmap
            }
        options.direct = cache.isDirect
        options.noFlush = cache.ignoresFlush
        options.discard = discard == .unmap ? .unmap : .ignore
        switch engine {
        case .native?: options.engine = .native
        case .threads?: options.engine = .threads
        case nil: options.engine = cache.isDirect ? .native : .threads
        case .io_uring?:
            options.engine = .ring
            // The guest sees no difference, so a host that forbids it (many containers do) costs speed and no more.
            guard let refusal = IORing.refusal else { return }
            options.engine = cache.isDirect ? .native : .threads
            let instead = cache.isDirect ? "native" : "threads"
            log.warning("\(subject): This host refuses io_uring: \(refusal). aio=\(instead) is used instead.")
        }
    }
}
