// Placeholder of the Configuration module; replaced as it is written.
