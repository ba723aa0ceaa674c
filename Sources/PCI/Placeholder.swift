// Placeholder of the PCI module; replaced as it is written.
