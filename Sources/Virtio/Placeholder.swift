// Placeholder of the Virtio module; replaced as it is written.
