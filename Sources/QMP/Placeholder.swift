// Placeholder of the QMP module; replaced as it is written.
