// MSPTI, the interface through which torch.profiler asks for the activity of NPUs. A client can
// subscribe, enable kinds and flush as documented; no record ever comes.
//
// Statuses and kinds are those of MindStudio's reference of the MSPTI C API.
#include <atomic>
#include <cstdint>
#include <map>
#include <vector>

#include "../call.h"
#include "notice.h"

using namespace fake_cann;

namespace {

constexpr int kParameter = 1;
constexpr int kSecondSubscriber = 2;
constexpr int kNoMoreRecords = 3;
constexpr int kEmpty = 5;
constexpr int kInvalidKind = 8;

constexpr int kKinds = 64;

std::atomic<uint64_t> g_enabled{0};
std::atomic<bool> g_subscribed{false};
char g_subscriber;

// The operations of the framework that a thread is in, for each kind of correlation.
thread_local std::map<int, std::vector<uint64_t>> t_operations;

bool Exists(int kind) { return kind > 0 && kind < kKinds; }

uint64_t Bit(int kind) { return uint64_t{1} << kind; }

int NoKind(const char* function, int kind)
{
    return Fail(kInvalidKind, "%s: %d is no kind of activity", function, kind);
}

}  // namespace

CANN_API int msptiSubscribe(void** subscriber, void*, void*)
{
    return Enter(__func__, {}, [&] {
        if (!subscriber) return Fail(kParameter, "msptiSubscribe: no place for the subscriber");
        if (g_subscribed.exchange(true))
            return Fail(kSecondSubscriber, "msptiSubscribe: this process has a subscriber, end its profiler first");
        *subscriber = &g_subscriber;
        return kOk;
    });
}

CANN_API int msptiUnsubscribe(void* subscriber)
{
    return Enter(__func__, {}, [&] {
        if (subscriber != &g_subscriber) return Fail(kParameter, "msptiUnsubscribe: %p has not subscribed", subscriber);
        g_subscribed = false;
        return kOk;
    });
}

CANN_API int msptiActivityRegisterCallbacks(const void* requested, const void* completed)
{
    return Enter(__func__, {}, [&] {
        if (requested && completed) return kOk;
        return Fail(kParameter, "msptiActivityRegisterCallbacks: both functions are needed");
    });
}

CANN_API int msptiActivityEnable(int kind)
{
    return Enter(__func__, {{"kind", static_cast<uint64_t>(kind)}}, [&] {
        if (!Exists(kind)) return NoKind("msptiActivityEnable", kind);
        g_enabled |= Bit(kind);
        return kOk;
    });
}

CANN_API int msptiActivityDisable(int kind)
{
    return Enter(__func__, {{"kind", static_cast<uint64_t>(kind)}}, [&] {
        if (!Exists(kind)) return NoKind("msptiActivityDisable", kind);
        g_enabled &= ~Bit(kind);
        return kOk;
    });
}

CANN_API bool msptiActivityIsEnabled(int kind) { return Exists(kind) && (g_enabled & Bit(kind)); }

CANN_API int msptiActivityFlushAll(uint32_t)
{
    SayWhatIsNotRecorded();
    return Enter(__func__, {}, [] { return kOk; });
}

CANN_API int msptiActivityGetNextRecord(const void* buffer, size_t, void** record)
{
    return buffer && record ? kNoMoreRecords : kParameter;
}

CANN_API int msptiActivityPushExternalCorrelationId(int kind, uint64_t operation)
{
    t_operations[kind].push_back(operation);
    return kOk;
}

CANN_API int msptiActivityPopExternalCorrelationId(int kind, uint64_t* operation)
{
    std::vector<uint64_t>& operations = t_operations[kind];
    if (operations.empty()) return kEmpty;
    if (operation) *operation = operations.back();
    operations.pop_back();
    return kOk;
}
