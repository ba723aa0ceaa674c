// Importing this module links libaio. Its declarations come with CLinux: libaio.h declares `struct timespec` and `struct iovec`
// ahead, and Swift would take a module of its own for their home.
#pragma once
