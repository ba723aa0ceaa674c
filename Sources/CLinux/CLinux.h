// What Swift cannot see of Linux: macros that are not plain constants, variadic
// calls and flexible arrays. Headers only; every function is a thin wrapper.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <linux/kvm.h>
