// Placeholder of the Log module; replaced as it is written.
