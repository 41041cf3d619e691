// Entry points of the emulator itself, for its Python half and for tests.
#include <cstdio>

#include "call.h"
#include "runtime/devices.h"
#include "runtime/memory.h"
#include "settings.h"

using namespace fake_cann;

// Where the host may touch `bytes` of live device memory: the address itself unless the mode is
// strict. nullptr: aclGetRecentErrMsg says why.
CANN_API void* yr_fake_cann_host_alias(const void* address, size_t bytes)
{
    return DeviceView("yr_fake_cann_host_alias", address, bytes);
}

CANN_API int yr_fake_cann_strict() { return TheSettings().strict; }

// Bytes in use on a logical device by this process.
CANN_API size_t yr_fake_cann_memory_used(int device)
{
    Device* found = DeviceAt(device);
    return found ? UsedDeviceMemory(*found) : 0;
}

// One line about an address: host memory, or which allocation holds or held it.
CANN_API int yr_fake_cann_describe(const void* address, char* text, size_t size)
{
    return snprintf(text, size, "%s", Describe(address, Locate(address, 1)).c_str());
}
