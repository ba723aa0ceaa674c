internal import CLinux
internal import Glibc
internal import Synchronization

/// Open files that came from elsewhere and go by the name `/dev/fdset/N` (`-add-fd`, QMP `add-fd`).
///
/// Whoever starts a machine may open files that the machine itself must not be able to open. It passes descriptors, in
/// numbered sets: a set holds one file, opened in several ways (to read, to read and write). `open` takes the one whose
/// access mode fits, so whatever opens its files here takes sets as well as paths.
///
/// Owns its descriptors. Thread-safe.
package final class DescriptorSets: Sendable {
    package struct Member: Sendable, Equatable {
        /// Borrowed: open while the member is in its set.
        package let descriptor: Int32
        /// A note for whoever passed it.
        package let opaque: String?
    }

    package struct DescriptorSet: Sendable, Equatable {
        package let identifier: Int
        package fileprivate(set) var members: [Member]
    }

    private let sets = Mutex<[DescriptorSet]>([])

    package init() {}

    deinit { removeAll() }

    /// Every set, by number.
    package var all: [DescriptorSet] { sets.withLock { $0 } }

    /// Adds a descriptor to the set `identifier`, which is made if it is not there; to a new one for nil.
    package func add(
        _ file: consuming FileDescriptor, to identifier: Int?, opaque: String? = nil
    ) -> (set: Int, descriptor: Int32) {
        let number = file.release()
        return sets.withLock { sets in
            // The lowest number that is free.
            let identifier =
                identifier ?? (0...sets.count).first { free in !sets.contains { $0.identifier == free } } ?? 0
            let member = Member(descriptor: number, opaque: opaque)
            if let index = sets.firstIndex(where: { $0.identifier == identifier }) {
                sets[index].members.append(member)
            } else {
                let place = sets.firstIndex { $0.identifier > identifier } ?? sets.endIndex
                sets.insert(DescriptorSet(identifier: identifier, members: [member]), at: place)
            }
            return (identifier, number)
        }
    }

    /// Adds a copy of a descriptor that this process was started with, by number.
    ///
    /// - Throws: EBADF for a number that is not open, or that is one of Apus's own (those are close-on-exec, which
    ///   nothing inherited is).
    package func adopt(_ number: Int32, to identifier: Int, opaque: String?) throws(Errno) {
        let flags = try Errno.check(apus_fcntl(number, F_GETFD, 0))
        guard flags & FD_CLOEXEC == 0 else { throw Errno(rawValue: EBADF) }
        let copy = try Errno.check(apus_fcntl(number, F_DUPFD_CLOEXEC, 3))
        _ = add(FileDescriptor(owning: copy), to: identifier, opaque: opaque)
    }

    /// Closes one descriptor of a set, or all for nil; false if there is none such. Files that were opened from the set
    /// stay open.
    package func remove(_ identifier: Int, descriptor: Int32? = nil) -> Bool {
        sets.withLock { sets in
            guard let index = sets.firstIndex(where: { $0.identifier == identifier }) else { return false }
            let gone = sets[index].members.filter { descriptor == nil || $0.descriptor == descriptor }
            for member in gone { _ = close(member.descriptor) }
            sets[index].members.removeAll { gone.contains($0) }
            if sets[index].members.isEmpty { sets.remove(at: index) }
            return !gone.isEmpty
        }
    }

    package func removeAll() {
        let all = sets.withLock { sets in
            defer { sets = [] }
            return sets
        }
        for member in all.flatMap(\.members) { _ = close(member.descriptor) }
    }

    /// Whether `path` names a set, there or not.
    package static func isSet(_ path: String) -> Bool { identifier(in: path) != nil }

    /// `FileDescriptor.open`, which for `/dev/fdset/N` is a copy of the member whose access mode is that of `flags`.
    ///
    /// The copy shares offset and status flags with its original, as descriptors do; O_TRUNC and O_APPEND are carried
    /// out on it.
    ///
    /// - Throws: ENOENT where there is no such set, EACCES where it has no member of that access mode.
    package func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(Errno) -> FileDescriptor {
        guard let identifier = DescriptorSets.identifier(in: path) else {
            return try FileDescriptor.open(path, flags, mode: mode)
        }
        // Under the lock, so that nobody closes the member meanwhile.
        let copy: Result<Int32, Errno> = sets.withLock { sets in
            guard let members = sets.first(where: { $0.identifier == identifier })?.members else {
                return .failure(.notFound)
            }
            let fitting = members.first { member in
                let status = apus_fcntl(member.descriptor, F_GETFL, 0)
                return status >= 0 && status & O_ACCMODE == flags & O_ACCMODE
            }
            guard let fitting else { return .failure(.accessDenied) }
            let number = apus_fcntl(fitting.descriptor, F_DUPFD_CLOEXEC, 3)
            return number < 0 ? .failure(.current) : .success(number)
        }
        let file: FileDescriptor
        switch copy {
        case .success(let number): file = FileDescriptor(owning: number)
        case .failure(let error): throw error
        }
        if flags & (O_APPEND | Int32(APUS_O_DIRECT)) != 0 {
            let status = try Errno.check(apus_fcntl(file.rawValue, F_GETFL, 0))
            let wanted = status | flags & (O_APPEND | Int32(APUS_O_DIRECT))
            try Errno.check(apus_fcntl(file.rawValue, F_SETFL, Int(wanted)))
        }
        // A pipe or a terminal has nothing to cut off, as in open(2).
        if flags & O_TRUNC != 0, try file.status().st_mode & S_IFMT == S_IFREG {
            try Errno.check(ftruncate(file.rawValue, 0))
        }
        return file
    }

    /// The set that a path names; nil for any other path.
    private static func identifier(in path: String) -> Int? {
        let prefix = "/dev/fdset/"
        guard path.hasPrefix(prefix) else { return nil }
        let digits = path.dropFirst(prefix.count)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }
}
