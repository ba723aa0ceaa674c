// Placeholder of the Hypervisor module; replaced as it is written.
