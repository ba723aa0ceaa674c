// Placeholder of the Firmware module; replaced as it is written.
