// Placeholder of the Machine module; replaced as it is written.
