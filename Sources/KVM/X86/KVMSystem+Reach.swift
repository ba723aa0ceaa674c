#if arch(x86_64)
internal import CLinux
package import Hypervisor

extension KVMSystem {
    /// The bits of physical address that a guest's processor can have here: CPUID 0x80000008, EAX bits 0 to 7.
    ///
    /// Intel SDM volume 2A, CPUID; AMD APM volume 3 appendix E.4.7.
    package func physicalAddressBits() throws(HypervisorError) -> Int {
        // A processor without the leaf has 36.
        guard let leaf = try processor.entries().first(where: { $0.function == 0x8000_0008 }) else { return 36 }
        return Int(leaf.eax & 0xff)
    }
}
#endif
