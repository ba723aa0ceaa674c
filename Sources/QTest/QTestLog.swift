internal import Glibc
package import Host
internal import Synchronization

/// `-qtest-log`: what was said on the socket, one line each, with the seconds since it began.
///
/// ```
/// [I +0.000012] OPENED
/// [R +0.000131] readl 0xfee00030
/// [S +0.000140] OK 0x0000000000050014
/// ```
package final class QTestLog: Sendable {
    enum Direction: String {
        case information = "I"
        case received = "R"
        case sent = "S"
    }

    private let file: FileDescriptor
    private let began: UInt64

    private init(_ file: consuming FileDescriptor) {
        self.file = file
        began = QTestLog.microseconds()
    }

    /// Opens the log; nil for `none` and `/dev/null`, which are no log.
    package static func open(_ path: String?) throws(Errno) -> QTestLog? {
        guard let path, path != "none", path != "/dev/null" else { return nil }
        return QTestLog(try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644))
    }

    func write(_ direction: Direction, _ text: some Sequence<UInt8>) {
        let time = QTestLog.microseconds() &- began
        let fraction = String(time % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        var line = Array("[\(direction.rawValue) +\(time / 1_000_000).\(zeros)\(fraction)] ".utf8)
        line += text
        line.append(UInt8(ascii: "\n"))
        // A log that cannot be written must not stop the test.
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
    }

    private static func microseconds() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000 &+ UInt64(time.tv_nsec) / 1000
    }
}
