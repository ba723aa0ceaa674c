// Placeholder of the KVM module; replaced as it is written.
