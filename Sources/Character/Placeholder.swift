// Placeholder of the Character module; replaced as it is written.
