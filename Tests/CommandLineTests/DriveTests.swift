import Configuration
import Testing

@Suite("Drives")
struct DriveTests {
    private func drive(_ text: String) throws -> DriveConfiguration {
        try #require(try machine("-drive file=/f," + text).drives.first)
    }

    private static let modes: [(String, [Bool])] = [
        ("cache=none", [true, false, true]), ("cache=writeback", [false, false, true]),
        ("cache=writethrough", [false, false, false]), ("cache=directsync", [true, false, false]),
        ("cache=unsafe", [false, true, true]), ("", [false, false, true]), ("aio=native", [true, false, true]),
        ("direct=on", [true, false, true]), ("cache=none,cache.direct=off", [false, false, true]),
        ("cache.no-flush=on", [false, true, true]), ("cache.writeback=off", [false, false, false]),
    ]

    /// Past the page cache, without flushes, with a write cache.
    @Test("A cache mode is three switches", arguments: modes)
    func cacheModes(text: String, expected: [Bool]) throws {
        let drive = try drive(text)
        #expect([drive.cache.isDirect, drive.cache.ignoresFlush, drive.hasWriteCache] == expected)
    }

    @Test("Every other property reaches its field")
    func fields() throws {
        let drive = try drive(
            "id=d,if=virtio,format=raw,readonly=on,aio=io_uring,discard=on,detect-zeroes=on,index=3,"
                + "werror=enospc,rerror=stop,throttling.bps-read-max=5,media=cdrom")
        #expect(drive.identifier == "d" && drive.interface == .virtio && drive.format == "raw" && drive.isReadOnly)
        #expect(drive.engine == .io_uring && drive.discard == .unmap && drive.detectZeroes == .on && drive.index == 3)
        #expect(drive.writeError == .enospc && drive.readError == .stop && drive.media == .cdrom)
        #expect(drive.throttling == ["bps-read-max": 5])
    }

    @Test("A path may hold commas")
    func commas() throws { #expect(try machine("-drive file=/a,,b").drives.first?.file == "/a,b") }
}
