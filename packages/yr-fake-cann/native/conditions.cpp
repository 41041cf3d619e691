#include "conditions.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <thread>

#include "call.h"
#include "settings.h"

namespace fake_cann {
namespace {

enum Condition : uint32_t { kWell, kFailed, kHanging, kFull, kUnlinked };

struct Record {
    std::atomic<uint32_t> condition;
    std::atomic<uint32_t> status;
};
static_assert(sizeof(Record) == 8 && std::atomic<uint32_t>::is_always_lock_free, "shared with other processes");

constexpr int kMostDevices = 64;
constexpr size_t kBytes = kMostDevices * sizeof(Record);

[[noreturn]] void Refuse(const char* path)
{
    RefuseSetting("YR_FAKE_CANN_CONTROL", path, "a file that `yr-fake-cann control` has made");
}

const Record* Map()
{
    const char* path = getenv("YR_FAKE_CANN_CONTROL");
    if (!path || !*path) return nullptr;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (file < 0 || fstat(file, &found) || static_cast<size_t>(found.st_size) != kBytes) Refuse(path);
    void* mapped = mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) Refuse(path);
    return static_cast<const Record*>(mapped);
}

const Record* RecordOf(int device)
{
    static const Record* records = Map();
    return records && device >= 0 && device < kMostDevices ? &records[device] : nullptr;
}

uint32_t ConditionOf(int device)
{
    const Record* record = RecordOf(device);
    return record ? record->condition.load() : kWell;
}

bool Matches(const char* function, std::initializer_list<const char*> patterns)
{
    for (const char* pattern : patterns)
        if (!fnmatch(pattern, function, 0)) return true;
    return false;
}

// Work on a device, and what waits for it; a process may still ask, release and reset.
bool NeedsTheDevice(const char* function)
{
    return Matches(function, {"aclrtMalloc", "aclrtMallocAlign32", "aclrtMallocWithCfg", "aclrtMem*", "aclrtSynchronize*"});
}

int Failed(const char* function, int device)
{
    int status = FailureOf(device);
    return Fail(status, "%s: NPU %d has failed with %d and is not healed yet", function, device, status);
}

int Unlinked(FaultPoint point, const char* function, int device)
{
    int status = static_cast<int>(RecordOf(device)->status.load());
    Fail(status, "%s: NPU %d has lost its links to others", function, device);
    return point == FaultPoint::kCall ? kHcclRemote : status;
}

}  // namespace

int ConditionFault(FaultPoint point, const char* function, int device)
{
    switch (ConditionOf(device)) {
    case kFailed:
        return point == FaultPoint::kTask || NeedsTheDevice(function) ? Failed(function, device) : kOk;
    case kFull:
        if (point == FaultPoint::kCall && Matches(function, {"aclrtMalloc", "aclrtMallocAlign32", "aclrtMallocWithCfg"}))
            return Fail(kOutOfMemory, "%s: NPU %d has no memory left", function, device);
        return kOk;
    case kUnlinked:
        return Matches(function, {point == FaultPoint::kCall ? "HcclCommInit*" : "Hccl*"}) ? Unlinked(point, function, device) : kOk;
    case kHanging:
        if (point == FaultPoint::kCall && Matches(function, {"aclrtMemcpy", "aclrtMemcpyBatch", "aclrtMemset"})) WaitWhileItHangs(device);
        return kOk;
    default:
        return kOk;
    }
}

bool Hangs(int device) { return ConditionOf(device) == kHanging; }

void WaitWhileItHangs(int device)
{
    while (Hangs(device)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

int FailureOf(int device)
{
    return ConditionOf(device) == kFailed ? static_cast<int>(RecordOf(device)->status.load()) : kOk;
}

}  // namespace fake_cann
