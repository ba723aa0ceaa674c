// Placeholder of the JSON module; replaced as it is written.
