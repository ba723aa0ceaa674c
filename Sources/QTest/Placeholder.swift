// Placeholder of the QTest module; replaced as it is written.
