// Copies between host and device memory, with the direction and the bounds checked.
#pragma once

#include <cstddef>

namespace fake_cann {

enum class Direction {
    kHostToHost = 0,
    kHostToDevice = 1,
    kDeviceToHost = 2,
    kDeviceToDevice = 3,
    kDefault = 4,  // found from the addresses
    kHostToBufferToDevice = 5,
    kWithinDevice = 6,
    kBetweenDevices = 7,
};

struct CopyRequest {
    void* to;
    size_t capacity;
    const void* from;
    size_t bytes;
    Direction direction;
};

// Checks and copies now, on the calling thread.
int Copy(const char* function, const CopyRequest& request);

}  // namespace fake_cann
