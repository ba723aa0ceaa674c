// Placeholder of the Block module; replaced as it is written.
