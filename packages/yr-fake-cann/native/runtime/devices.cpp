#include "devices.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <vector>

#include "../call.h"
#include "../settings.h"
#include "streams.h"

namespace fake_cann {
namespace {

// As the runtime reads the list: unset means all, empty means none, and the first entry that is no
// NPU of this machine, or a repetition, ends it.
std::vector<int> VisibleDevices()
{
    std::vector<int> visible;
    int physical = TheSettings().devices;
    const char* list = getenv("ASCEND_RT_VISIBLE_DEVICES");
    for (int i = 0; !list && i < physical; i++) visible.push_back(i);
    while (list && *list) {
        char* end = nullptr;
        long index = strtol(list, &end, 10);
        bool number = end != list && (*end == ',' || !*end) && index >= 0 && index < physical;
        if (!number || std::count(visible.begin(), visible.end(), index)) break;
        visible.push_back(static_cast<int>(index));
        list = *end ? end + 1 : end;
    }
    return visible;
}

std::vector<Device>* MakeDevices()
{
    auto devices = new std::vector<Device>;
    for (int physical : VisibleDevices()) {
        int logical = static_cast<int>(devices->size());
        devices->push_back({logical, physical, std::make_shared<Stream>(physical)});
    }
    return devices;
}

std::vector<Device>& Devices()
{
    static std::vector<Device>& devices = *MakeDevices();
    return devices;
}

thread_local Device* t_current = nullptr;
std::atomic<int> g_default{-1};  // of threads that have set none; aclInit may name one

}  // namespace

int DeviceCount() { return static_cast<int>(Devices().size()); }

Device* DeviceAt(int logical) { return logical >= 0 && logical < DeviceCount() ? &Devices()[logical] : nullptr; }

Device* CurrentDevice() { return t_current ? t_current : DeviceAt(g_default); }

void SetDefaultDevice(int logical) { g_default = logical; }

int CallingDevice()
{
    Device* device = CurrentDevice();
    return device ? device->physical : -1;
}

int UnknownDevice(const char* function, int logical)
{
    return Fail(kInvalidDevice, "%s: no NPU %d, this process sees %d", function, logical, DeviceCount());
}

int NoContext(const char* function)
{
    return Fail(kNoContext, "%s: this thread has set no device (aclrtSetDevice)", function);
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclrtGetDeviceCount(uint32_t* count)
{
    *count = static_cast<uint32_t>(DeviceCount());
    return kOk;
}

CANN_API int aclrtSetDevice(int32_t device)
{
    return Enter(__func__, {{"device", static_cast<uint64_t>(device)}}, [&] {
        Device* found = DeviceAt(device);
        if (!found) return UnknownDevice("aclrtSetDevice", device);
        t_current = found;
        return kOk;
    });
}

CANN_API int aclrtGetDevice(int32_t* device)
{
    return Answer(__func__, [&] {
        Device* current = CurrentDevice();
        if (!current) return NoContext("aclrtGetDevice");
        *device = current->logical;
        return kOk;
    });
}

CANN_API int aclrtResetDevice(int32_t device)
{
    return DeviceAt(device) ? kOk : UnknownDevice("aclrtResetDevice", device);
}

CANN_API int aclrtResetDeviceForce(int32_t device)
{
    return DeviceAt(device) ? kOk : UnknownDevice("aclrtResetDeviceForce", device);
}

CANN_API int aclrtQueryDeviceStatus(int32_t device, int* status)
{
    return Enter(__func__, {{"device", static_cast<uint64_t>(device)}}, [&] {
        Device* found = DeviceAt(device);
        if (!found) return UnknownDevice("aclrtQueryDeviceStatus", device);
        *status = FailureOf(found->physical) ? 1 : 0;  // abnormal, normal
        return kOk;
    });
}

// A context is its device: there is one, the primary, on each.
CANN_API int aclrtGetCurrentContext(void** context)
{
    Device* current = CurrentDevice();
    if (!current) return NoContext("aclrtGetCurrentContext");
    *context = current;
    return kOk;
}

CANN_API int aclrtSetCurrentContext(void* context)
{
    for (int i = 0; i < DeviceCount(); i++)
        if (DeviceAt(i) == context) t_current = DeviceAt(i);
    return t_current && t_current == context ? kOk : Fail(kInvalidParameter, "aclrtSetCurrentContext: no such context");
}

CANN_API int aclrtGetPrimaryCtxState(int32_t device, uint32_t* flags, int32_t* active)
{
    if (!DeviceAt(device)) return UnknownDevice("aclrtGetPrimaryCtxState", device);
    if (flags) *flags = 0;
    *active = 1;
    return kOk;
}

CANN_API int rtGetDeviceInfo(uint32_t, int32_t, int32_t, int64_t* value)
{
    *value = 0;
    return kOk;
}

CANN_API int aclrtDeviceCanAccessPeer(int32_t* can, int32_t device, int32_t peer)
{
    if (!DeviceAt(device) || !DeviceAt(peer)) return UnknownDevice("aclrtDeviceCanAccessPeer", peer);
    *can = device != peer;
    return kOk;
}

// The datasystem passes the other side's index as its process numbers it, so it is not checked.
CANN_API int aclrtDeviceEnablePeerAccess(int32_t, uint32_t) { return kOk; }

CANN_API int aclrtDeviceDisablePeerAccess(int32_t) { return kOk; }

CANN_API int aclrtDeviceGetBareTgid(int32_t* process)
{
    *process = getpid();
    return kOk;
}

CANN_API int rtDeviceGetBareTgid(uint32_t* process)
{
    *process = static_cast<uint32_t>(getpid());
    return kOk;
}

CANN_API int hrtGetDeviceRefresh(int32_t* device)
{
    Device* current = CurrentDevice();
    if (!current) return 15;  // HCCL_E_RUNTIME
    *device = current->logical;
    return kOk;
}

CANN_API int rtGetDevicePhyIdByIndex(uint32_t index, uint32_t* physical)
{
    Device* device = DeviceAt(static_cast<int>(index));
    if (!device) return UnknownDevice("rtGetDevicePhyIdByIndex", static_cast<int>(index));
    *physical = static_cast<uint32_t>(device->physical);
    return kOk;
}

CANN_API int rtGetDeviceIndexByPhyId(uint32_t physical, uint32_t* index)
{
    for (int i = 0; i < DeviceCount(); i++) {
        if (DeviceAt(i)->physical != static_cast<int>(physical)) continue;
        *index = static_cast<uint32_t>(i);
        return kOk;
    }
    return Fail(kInvalidDevice, "rtGetDeviceIndexByPhyId: physical NPU %u is not visible to this process", physical);
}

CANN_API int hrtGetDevicePhyIdByIndex(uint32_t index, uint32_t* physical, bool)
{
    return rtGetDevicePhyIdByIndex(index, physical);
}
