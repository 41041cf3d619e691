// Values in device memory that a stream writes, or waits for: what events between graphs are made of.
#include <atomic>
#include <chrono>
#include <thread>

#include "../call.h"
#include "memory.h"
#include "streams.h"

namespace fake_cann {
namespace {

using Value = std::atomic<uint64_t>;

// ACL_STREAM_WAIT_VALUE_GEQ, _EQ, _AND and _NOR.
enum Comparison : uint32_t { kAtLeast, kEqual, kAnyBitOf, kAnyBitMissing, kComparisons };

bool Holds(uint32_t comparison, uint64_t found, uint64_t wanted)
{
    switch (comparison) {
        case kAtLeast: return found >= wanted;
        case kEqual: return found == wanted;
        case kAnyBitOf: return (found & wanted) != 0;
        default: return ~(found | wanted) != 0;
    }
}

Value* ValueAt(const char* function, void* address)
{
    return reinterpret_cast<Value*>(DeviceView(function, address, sizeof(Value)));
}

int CheckValue(const char* function, void* address)
{
    if (reinterpret_cast<uintptr_t>(address) % sizeof(Value))
        return Fail(kInvalidParameter, "%s: %p is not aligned to 8 bytes", function, address);
    return ValueAt(function, address) ? kOk : kInvalidParameter;
}

// The memory may be freed, or written by anything that writes memory, while it is waited for.
int AwaitValue(void* address, uint64_t wanted, uint32_t comparison, Stream& stream)
{
    constexpr std::chrono::milliseconds kTick{1};
    while (!stream.Aborted()) {
        Value* value = ValueAt("aclrtValueWait", address);
        if (!value) return kInvalidParameter;
        if (Holds(comparison, value->load(), wanted)) return kOk;
        std::this_thread::sleep_for(kTick);
    }
    return Fail(kStreamAborted, "aclrtValueWait: the value did not come before the stream was destroyed");
}

}  // namespace
}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclrtValueWrite(void* address, uint64_t value, uint32_t flag, void* stream)
{
    return Enter(__func__, {{"address", address}, {"value", value}, {"stream", stream}}, [&] {
        if (flag) return Fail(kInvalidParameter, "aclrtValueWrite: the flag is reserved and 0, not %u", flag);
        if (int status = CheckValue("aclrtValueWrite", address)) return status;
        return SubmitTo(stream, "aclrtValueWrite", [address, value] {
            Value* to = ValueAt("aclrtValueWrite", address);
            return to ? to->store(value), kOk : kInvalidParameter;
        });
    });
}

CANN_API int aclrtValueWait(void* address, uint64_t value, uint32_t flag, void* stream)
{
    return Enter(__func__, {{"address", address}, {"value", value}, {"stream", stream}}, [&] {
        if (flag >= kComparisons) return Fail(kInvalidParameter, "aclrtValueWait: %u is no way to compare", flag);
        if (int status = CheckValue("aclrtValueWait", address)) return status;
        return SubmitWaiting(stream, "aclrtValueWait",
                             [=](Stream& waiting) { return AwaitValue(address, value, flag, waiting); });
    });
}
