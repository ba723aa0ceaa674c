// Placeholder of the Memory module; replaced as it is written.
