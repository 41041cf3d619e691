// Which process did something, and whether it still runs: an id alone may be another process's by now.
#pragma once

#include <cstdint>

namespace fake_cann {

struct ProcessLife {
    int32_t process;
    uint64_t begun;  // in the kernel's ticks since the machine started
};

ProcessLife ThisProcess();
// False for a process that was killed and that nobody has waited for yet, too.
bool Lives(const ProcessLife& life);

}  // namespace fake_cann
