// FFTS+ launch: a list of 128-byte contexts, as the datasystem's pipelines build them.
//
//   rtGeneralCtrl({task info, stream}, 2, 3)
//   task info: contexts @8, their bytes @16
//   context:   type u16 @0; the rest by type, offsets below
//
// Contexts run in list order, which is valid for the forward dependencies that are used.
#include <cstring>
#include <vector>

#include "../call.h"
#include "copies.h"
#include "memory.h"
#include "notify.h"
#include "streams.h"

using namespace fake_cann;

namespace {

constexpr size_t kContextBytes = 128;
constexpr uint32_t kLaunchFfts = 3;

enum ContextType : uint16_t {
    kNotifyWait = 3,
    kWriteValue = 5,
    kSdma = 8,
    kPersistentCache = 0xB,
    kLabel = 0xFF,
};

class Context {
public:
    explicit Context(const uint8_t* bytes) : bytes_(bytes) {}

    uint16_t type() const { return Read<uint16_t>(0); }
    uint16_t notify() const { return Read<uint16_t>(76); }

    // A 49-bit address in two words, and the value to store there.
    void* target() const { return Pointer(static_cast<uint64_t>(Read<uint32_t>(84) & 0x1ffff) << 32 | Read<uint32_t>(80)); }
    uint32_t value() const { return Read<uint32_t>(96); }

    void* from() const { return Pointer(Read<uint64_t>(88) + Read<uint32_t>(96)); }
    void* to() const { return Pointer(Read<uint64_t>(100) + Read<uint32_t>(108)); }
    uint32_t bytes() const { return Read<uint32_t>(112); }

private:
    template <class T>
    T Read(size_t offset) const
    {
        T value;
        memcpy(&value, bytes_ + offset, sizeof value);
        return value;
    }
    static void* Pointer(uint64_t address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }

    const uint8_t* bytes_;
};

int RunSdma(const Context& context)
{
    return Copy("FFTS+ SDMA", {context.to(), context.bytes(), context.from(), context.bytes(), Direction::kDeviceToDevice});
}

int RunNotifyWait(const Context& context, Stream& stream)
{
    NotifyFlag* flag = NotifyById(context.notify());
    return flag ? AwaitNotify(flag, stream) : Fail(kInvalidHandle, "FFTS+ notify wait: no notify %u", context.notify());
}

int RunWriteValue(const Context& context)
{
    char* flag = DeviceView("FFTS+ write value", context.target(), sizeof(NotifyFlag));
    if (!flag) return kInvalidParameter;
    RaiseNotify(reinterpret_cast<NotifyFlag*>(flag), context.value());
    return kOk;
}

int RunContext(const Context& context, Stream& stream)
{
    switch (context.type()) {
        case kSdma: return RunSdma(context);
        case kNotifyWait: return RunNotifyWait(context, stream);
        case kWriteValue: return RunWriteValue(context);
        case kPersistentCache:
        case kLabel: return kOk;
        default: return Fail(kNotSupported, "FFTS+: context type %u is not emulated", context.type());
    }
}

int RunContexts(const std::vector<uint8_t>& contexts, Stream& stream)
{
    for (size_t at = 0; at + kContextBytes <= contexts.size(); at += kContextBytes)
        if (int status = RunContext(Context(&contexts[at]), stream)) return status;
    return kOk;
}

struct TaskInfo {
    const void* element;
    const uint8_t* contexts;
    size_t bytes;
};

}  // namespace

CANN_API int rtGeneralCtrl(uintptr_t* arguments, uint32_t count, uint32_t type)
{
    return Enter(__func__, {{"type", type}}, [&] {
        if (type != kLaunchFfts || count < 2)
            return Fail(kNotSupported, "rtGeneralCtrl: type %u is not emulated, only the launch of FFTS+ tasks (3)", type);
        auto info = reinterpret_cast<const TaskInfo*>(arguments[0]);
        std::vector<uint8_t> contexts(info->contexts, info->contexts + info->bytes);  // the caller reuses its buffer
        return SubmitWaiting(reinterpret_cast<void*>(arguments[1]), "rtGeneralCtrl",
                             [contexts = std::move(contexts)](Stream& stream) { return RunContexts(contexts, stream); });
    });
}
