internal import CLinux
internal import Hypervisor

extension KVMVirtualCPU {
    /// The sentence for an exit that the guest cannot go on from: what happened, and where.
    func failure(_ reason: Int32) -> String {
        let place = "vCPU \(index)" + (location.map { " at \($0)" } ?? "")
        switch reason {
        case KVM_EXIT_FAIL_ENTRY:
            let code = unsafe String(apus_kvm_entry_failure(area), radix: 16)
            return "The processor refuses to run \(place) (hardware reason 0x\(code))."
        case KVM_EXIT_INTERNAL_ERROR:
            return internalError(place)
        default:
            return "KVM stopped \(place) for a reason that Apus does not know (exit \(reason))."
        }
    }

    private func internalError(_ place: String) -> String {
        let error = unsafe apus_kvm_internal_error(area)
        guard error.suberror == UInt32(KVM_INTERNAL_ERROR_EMULATION) else {
            let kind =
                switch Int32(bitPattern: error.suberror) {
                case KVM_INTERNAL_ERROR_SIMUL_EX: "two exceptions at once"
                case KVM_INTERNAL_ERROR_DELIVERY_EV: "an exit while it delivered an event"
                case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON: "an unexpected exit of the processor"
                default: "internal error \(error.suberror)"
                }
            return "KVM cannot go on with \(place): \(kind)."
        }
        let bytes = unsafe withUnsafeBytes(of: error.instruction) { bytes in
            unsafe Array(bytes.prefix(Int(error.instruction_size)))
        }
        let code = bytes.isEmpty ? "" : " (\(bytes.map(KVMVirtualCPU.hexadecimal).joined(separator: " ")))"
        let sentence = "KVM cannot emulate the instruction\(code) of \(place)"
        return KVMProbe.hasHardwareVirtualization ? sentence + "." : sentence + ": \(KVMProbe.advice)"
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
