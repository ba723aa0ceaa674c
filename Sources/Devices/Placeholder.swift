// Placeholder of the Devices module; replaced as it is written.
