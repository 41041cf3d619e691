#include "notify.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <memory>
#include <mutex>

#include "../call.h"
#include "../handles.h"
#include "devices.h"
#include "memory.h"
#include "streams.h"

namespace fake_cann {
namespace {

constexpr size_t kSlot = 4096;

struct Notify {
    void* address;  // of the flag, as devices know it
    NotifyFlag* flag;
    bool imported;
    uint16_t id;  // 0 for an imported one
};

struct Notifies {
    std::mutex mutex;
    std::map<uint16_t, NotifyFlag*> byId;
    HandleTable<Notify> handles{0x40};
};

Notifies& TheNotifies()
{
    static Notifies& notifies = *new Notifies;
    return notifies;
}

NotifyFlag* FlagAt(void* address) { return reinterpret_cast<NotifyFlag*>(DeviceView("notify", address, sizeof(NotifyFlag))); }

uint16_t NewId(NotifyFlag* flag)
{
    Notifies& notifies = TheNotifies();
    std::lock_guard<std::mutex> lock(notifies.mutex);
    uint16_t id = 1;
    while (notifies.byId.count(id)) id++;
    notifies.byId[id] = flag;
    return id;
}

int NoNotify(const char* function, const void* handle)
{
    return Fail(kInvalidHandle, "%s: %p is no notify, or it was destroyed", function, handle);
}

}  // namespace

void RaiseNotify(NotifyFlag* flag, uint32_t value)
{
    flag->store(value);
    syscall(SYS_futex, flag, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

int AwaitNotify(NotifyFlag* flag, Stream& stream)
{
    const timespec tick{0, 100'000'000};
    while (!stream.Aborted()) {
        if (flag->exchange(0)) return kOk;
        syscall(SYS_futex, flag, FUTEX_WAIT, 0, &tick, nullptr, 0);
    }
    return Fail(kStreamAborted, "a notify was not recorded before its stream was destroyed");
}

NotifyFlag* NotifyById(uint16_t id)
{
    Notifies& notifies = TheNotifies();
    std::lock_guard<std::mutex> lock(notifies.mutex);
    auto found = notifies.byId.find(id);
    return found == notifies.byId.end() ? nullptr : found->second;
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int rtNotifyCreate(int32_t device, void** notify)
{
    return Enter(__func__, {{"device", static_cast<uint64_t>(device)}}, [&] {
        Device* owner = DeviceAt(device);
        if (!owner) return UnknownDevice("rtNotifyCreate", device);
        void* address = nullptr;
        if (int status = AllocateDeviceMemory(*owner, sizeof(NotifyFlag), kSlot, &address)) return status;
        NotifyFlag* flag = FlagAt(address);
        *notify = TheNotifies().handles.Add(std::make_shared<Notify>(Notify{address, flag, false, NewId(flag)}));
        return kOk;
    });
}

CANN_API int rtNotifyDestroy(void* notify)
{
    return Enter(__func__, {{"notify", notify}}, [&] {
        Notifies& notifies = TheNotifies();
        std::shared_ptr<Notify> found = notifies.handles.Remove(notify);
        if (!found) return NoNotify("rtNotifyDestroy", notify);
        if (found->imported) return ReleaseImport(found->address) ? kOk : kInvalidHandle;
        {
            std::lock_guard<std::mutex> lock(notifies.mutex);
            notifies.byId.erase(found->id);
        }
        return FreeDeviceMemory(found->address);
    });
}

CANN_API int rtNotifyRecord(void* notify, void* stream)
{
    return Enter(__func__, {{"notify", notify}, {"stream", stream}}, [&] {
        std::shared_ptr<Notify> found = TheNotifies().handles.Find(notify);
        if (!found) return NoNotify("rtNotifyRecord", notify);
        return SubmitTo(stream, "rtNotifyRecord", [found] { return RaiseNotify(found->flag, 1), kOk; });
    });
}

CANN_API int rtNotifyWait(void* notify, void* stream)
{
    return Enter(__func__, {{"notify", notify}, {"stream", stream}}, [&] {
        std::shared_ptr<Notify> found = TheNotifies().handles.Find(notify);
        if (!found) return NoNotify("rtNotifyWait", notify);
        return SubmitWaiting(stream, "rtNotifyWait", [found](Stream& waiting) { return AwaitNotify(found->flag, waiting); });
    });
}

CANN_API int rtGetNotifyID(void* notify, uint32_t* id)
{
    std::shared_ptr<Notify> found = TheNotifies().handles.Find(notify);
    if (!found) return NoNotify("rtGetNotifyID", notify);
    *id = found->id;
    return kOk;
}

CANN_API int rtGetNotifyAddress(void* notify, uint64_t* address)
{
    std::shared_ptr<Notify> found = TheNotifies().handles.Find(notify);
    if (!found) return NoNotify("rtGetNotifyAddress", notify);
    *address = reinterpret_cast<uintptr_t>(found->address);
    return kOk;
}

CANN_API int rtIpcSetNotifyName(void* notify, char* name, uint32_t size)
{
    return Enter(__func__, {{"notify", notify}}, [&] {
        std::shared_ptr<Notify> found = TheNotifies().handles.Find(notify);
        if (!found) return NoNotify("rtIpcSetNotifyName", notify);
        return ExportMemory(found->address, name, size) ? kOk : kInvalidParameter;
    });
}

CANN_API int rtIpcOpenNotify(void** notify, const char* name)
{
    return Enter(__func__, {}, [&] {
        void* address = ImportMemory(name);
        if (!address) return Fail(kInvalidParameter, "rtIpcOpenNotify: \"%.64s\" is no exported notify", name);
        *notify = TheNotifies().handles.Add(std::make_shared<Notify>(Notify{address, FlagAt(address), true, 0}));
        return kOk;
    });
}

CANN_API int rtSetIpcNotifyPid(const char*, int32_t*, int) { return kOk; }
