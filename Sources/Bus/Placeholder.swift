// Placeholder of the Bus module; replaced as it is written.
