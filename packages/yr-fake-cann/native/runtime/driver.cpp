// The driver's own library, as far as a profiler asks it for a clock that CPU and NPU share.
#include <cstdint>

#include "../call.h"

// Before 0x071905 a driver has no such clock, and torch_npu takes the CPU's.
CANN_API int halGetAPIVersion(int32_t* version)
{
    return fake_cann::Enter(__func__, {}, [&] {
        if (!version) return fake_cann::Fail(fake_cann::kInvalidParameter, "halGetAPIVersion: no place for the version");
        *version = 0;
        return fake_cann::kOk;
    });
}
