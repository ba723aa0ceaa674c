// Placeholder of the CommandLine module; replaced as it is written.
