internal import Bus
internal import Configuration
internal import Host
internal import PCI
internal import Virtio

/// What a virtio device takes and how it is made, whatever its transport.
struct VirtioRecipe: Sendable {
    /// `virtio-blk`.
    let name: String
    let summary: String
    let schema: PropertySchema
    let make: @Sendable (DeviceRequest, inout PropertyReader) throws(MachineError) -> any VirtioDevice

    /// The device as `X-device`, over MMIO.
    var mmio: DeviceModel {
        DeviceModel(
            name: "\(name)-device", summary: "\(summary), over MMIO", schema: schema + RingProperties.schema,
            make: .virtio { request, reader throws(MachineError) in
                (try make(request, &reader), try RingProperties.features(&reader))
            })
    }

    /// The device as `X-pci`.
    var pci: DeviceModel {
        DeviceModel(
            name: "\(name)-pci", summary: "\(summary), over PCI",
            schema: schema + RingProperties.schema + PCIProperties.schema + VirtioPCIProperties.schema,
            make: .pci { request, reader throws(MachineError) in
                let device = try make(request, &reader)
                let features = try RingProperties.features(&reader)
                let vectors = try VirtioPCIProperties.vectors(&reader)
                let isMultifunction = try PCIProperties.isMultifunction(&reader)
                return try blaming(request.subject) { () throws(VirtioPCIError) in
                    try VirtioPCI(
                        device, name: request.name, vectors: vectors, isMultifunction: isMultifunction,
                        features: features, log: request.construction.log)
                }
            })
    }
}
