// A call that succeeds and changes nothing, whatever its arguments are.
#pragma once

#include "abi.h"

// ACCEPTED starts a line; tools/emulated.py reads the names from the sources.
#define ACCEPTED(name) \
    CANN_API int name() { return fake_cann::kOk; }
