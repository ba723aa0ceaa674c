/// Every command, by topic. A new command is one more value in one of these lists.
package enum Commands {
    package static let all: [Command] =
        session + life + machine + memory + block + character + pci + objects + introspection + descriptors + options
        + inspection + absent
}
