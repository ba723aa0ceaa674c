internal import Configuration

extension ObjectType {
    /// The memory backends.
    static var memoryBackends: [ObjectType] {
        MemoryBackendConfiguration.Kind.allCases.map { kind in
            let summary =
                switch kind {
                case .ram: "anonymous memory"
                case .memfd: "memory that other processes can map; also of huge pages"
                case .file: "memory that is a file; on hugetlbfs, of huge pages"
                }
            return ObjectType(
                name: kind.rawValue, summary: summary, schema: MemoryBackendConfiguration.schema(of: kind))
        }
    }
}
