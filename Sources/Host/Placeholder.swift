// Placeholder of the Host module; replaced as it is written.
