import Firmware
import Glibc
import Memory
import Testing

@Suite("Kernels of distributions")
struct RealKernelTests {
    /// Kernels that `make` has unpacked below the checkout's `.cache`; none on a fresh checkout.
    private static let kernels: [String] = {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return (0...4).flatMap { depth in
            paths("\(root)/.cache/\(String(repeating: "*/", count: depth))vmlinuz*")
        }
    }()

    private static func paths(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
        // glob_t owns an array of gl_pathc C strings until globfree.
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
            unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
        }
    }

    @Test("Each is recognised as a 64-bit bzImage and loads whole", arguments: kernels)
    func loads(_ path: String) throws {
        let board = try TestBoard(mebibytes: 256)
        let boot = try board.boot(ImageFile(path: path), commandLine: "console=ttyS0")
        guard case .bzImage(let image) = boot.kernel.format else {
            Issue.record("\(path) is not a bzImage")
            return
        }
        #expect(image.is64Bit)
        let plan = try boot.plan()
        expectSound(plan, on: board.map)
        let memory = try board.memory()
        try plan.write(to: memory, isZeroed: true)
        for placement in plan.placements {
            guard case .file(let file, let offset) = placement.source else { continue }
            let last = placement.range.count - 4096
            let expected = try file.bytes(at: offset + last, count: 4096, what: "its end")
            let start = GuestAddress(placement.range.start.rawValue + last)
            #expect(memory.bytes(at: start, count: 4096) == expected)
        }
    }
}
