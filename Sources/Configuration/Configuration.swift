// Configuration: what a machine shall be, as plain values.
//
//     argv ──CommandLine──┐
//                         ├──▶ MachineConfiguration ──Machine──▶ board, buses, devices
//     QMP ────────────────┘        (and its parts)
//
// Nothing here opens a file, knows a device or has an effect. A value says what the user asked for, checked as far
// as that is possible without knowing the host: numbers are numbers, a topology multiplies out, an id is well formed.
// Whether a driver exists, or two options fit together on one board, is judged later, by whoever owns that knowledge.
//
// Three layers, from the text upward:
//
// - `Value` and `Properties` hold `key=value` text or typed JSON alike, in the order given.
// - `Property` declares one key: its type, its default, its sentence of help. A list of declarations is a
//   `PropertySchema`; `PropertyReader` turns `Properties` into a typed struct by that schema and refuses everything
//   else. The reader, `-device X,help` and QMP's `device-list-properties` share the one declaration.
// - `MachineConfiguration` and its parts are what the rest of the program is built from. Parts that QMP can make too
//   (devices, objects, block nodes, network and character back ends) have one `init` for both.
