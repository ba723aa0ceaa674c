// Placeholder of the ACPI module; replaced as it is written.
