import JSON
import QMP
import Support
import Testing

@Suite("A monitor tells of the memory")
struct MemoryTests {
    @Test("query-memdev has every block of host memory with what was asked for")
    func backends() throws {
        let machine = try MachineUnderTest(
            "-m 64 -machine mem-merge=off -object memory-backend-memfd,id=other,size=2M,share=on,prealloc=on,reserve=on"
        )
        let client = QMPTestClient(Monitor(machine.machine))
        #expect(
            client.result("query-memdev") == [
                [
                    "id": "other", "size": 2_097_152, "merge": false, "dump": true, "prealloc": true, "share": true,
                    "reserve": true, "host-nodes": [], "policy": "default",
                ],
                [
                    "id": "pc.ram", "size": 67_108_864, "merge": false, "dump": true, "prealloc": false, "share": false,
                    "reserve": false, "host-nodes": [], "policy": "default",
                ],
            ])
    }

    @Test("query-memory-size-summary has the RAM, of all nodes together")
    func size() throws {
        let machine = try MachineUnderTest("-m 64 -numa node,mem=16 -numa node,mem=48")
        let client = QMPTestClient(Monitor(machine.machine))
        #expect(client.result("query-memory-size-summary") == ["base-memory": 67_108_864, "plugged-memory": 0])
    }
}
