// What a device says of itself: the data of the chip that YR_FAKE_CANN_SOC names.
#include <cstdio>

#include "../call.h"
#include "../settings.h"
#include "devices.h"

namespace fake_cann {
namespace {

// aclrtDevAttr (CANN 8.5).
enum Attribute : int {
    kAiCpus = 1,
    kAiCores = 101,
    kCubeCores = 102,
    kVectorCores = 201,
    kMemory = 301,
    kL2 = 302,
};

// aclDeviceInfo, which aclGetDeviceCapability is asked with.
constexpr int kCapabilities[] = {kAiCores, kVectorCores, kL2};

int Property(const char* function, uint32_t device, int attribute, int64_t* value)
{
    if (!DeviceAt(static_cast<int>(device))) return UnknownDevice(function, static_cast<int>(device));
    const Settings& settings = TheSettings();
    switch (attribute) {
        case kAiCpus: *value = settings.chip->aiCpus; return kOk;
        case kAiCores:
        case kCubeCores: *value = settings.chip->cubeCores; return kOk;
        case kVectorCores: *value = settings.chip->vectorCores; return kOk;
        case kMemory: *value = static_cast<int64_t>(settings.memoryBytes); return kOk;
        case kL2: *value = static_cast<int64_t>(settings.chip->l2Bytes); return kOk;
        default: return Fail(kNotSupported, "%s: attribute %d of a device is not emulated", function, attribute);
    }
}

}  // namespace
}  // namespace fake_cann

using namespace fake_cann;

CANN_API const char* aclrtGetSocName() { return TheSettings().chip->name; }

CANN_API int rtGetSocVersion(char* version, uint32_t size)
{
    snprintf(version, size, "%s", aclrtGetSocName());
    return kOk;
}

CANN_API int aclrtGetDeviceInfo(uint32_t device, int attribute, int64_t* value)
{
    return Enter(__func__, {{"device", device}}, [&] { return Property("aclrtGetDeviceInfo", device, attribute, value); });
}

CANN_API int aclGetDeviceCapability(uint32_t device, int capability, int64_t* value)
{
    constexpr int kCount = sizeof kCapabilities / sizeof *kCapabilities;
    return Enter(__func__, {{"device", device}}, [&] {
        if (capability < 0 || capability >= kCount)
            return Fail(kInvalidParameter, "aclGetDeviceCapability: there is no capability %d", capability);
        return Property("aclGetDeviceCapability", device, kCapabilities[capability], value);
    });
}
