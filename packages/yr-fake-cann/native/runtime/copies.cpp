#include "copies.h"

#include <cstring>
#include <vector>

#include "../call.h"
#include "memory.h"
#include "streams.h"

namespace fake_cann {
namespace {

bool FromDevice(Direction direction)
{
    return direction == Direction::kDeviceToHost || direction == Direction::kDeviceToDevice ||
           direction == Direction::kWithinDevice || direction == Direction::kBetweenDevices;
}

bool ToDevice(Direction direction)
{
    return direction != Direction::kHostToHost && direction != Direction::kDeviceToHost;
}

const char* Unfit(const Location& location)
{
    switch (location.place) {
        case Place::kFreed: return "freed";
        case Place::kPastEnd: return "past-end";
        case Place::kHost: return "host-pointer";
        default: return "device-pointer";
    }
}

// The view of one end of a copy, or nullptr when it is not the kind of memory the direction says.
char* End(const char* function, const char* end, const void* address, size_t bytes, bool device, bool any)
{
    Location location = Locate(address, bytes);
    bool fits = location.place == Place::kDevice ? device || any : location.place == Place::kHost && (!device || any);
    if (fits) return location.view;
    FailIn(Unfit(location), kInvalidParameter, "%s: the %s should be %s, but %s", function, end,
         any ? "live memory" : device ? "device memory" : "host memory", Describe(address, location).c_str());
    return nullptr;
}

// The two ends of device memory may be the same bytes through two mappings, hence memmove.
int Move(const char* function, const CopyRequest& request)
{
    bool any = request.direction == Direction::kDefault;
    char* to = End(function, "destination", request.to, request.bytes, ToDevice(request.direction), any);
    char* from = to ? End(function, "source", request.from, request.bytes, FromDevice(request.direction), any) : nullptr;
    if (!from) return kInvalidParameter;
    memmove(to, from, request.bytes);
    return kOk;
}

int CheckArguments(const char* function, const CopyRequest& request)
{
    if (request.bytes > request.capacity)
        return FailIn("too-small", kInvalidParameter, "%s: %zu bytes do not fit into %zu", function, request.bytes, request.capacity);
    if (request.bytes && (!request.to || !request.from))
        return FailIn("null-pointer", kInvalidParameter, "%s: null pointer", function);
    if (request.direction < Direction::kHostToHost || request.direction > Direction::kBetweenDevices)
        return FailIn("no-direction", kInvalidParameter, "%s: %d is no copy direction", function, static_cast<int>(request.direction));
    return kOk;
}

int Fill(const char* function, void* address, size_t capacity, int value, size_t bytes)
{
    if (bytes > capacity) return Fail(kInvalidParameter, "%s: %zu bytes do not fit into %zu", function, bytes, capacity);
    char* view = DeviceView(function, address, bytes);
    if (!view) return kInvalidParameter;
    memset(view, value, bytes);
    return kOk;
}

}  // namespace

int Copy(const char* function, const CopyRequest& request)
{
    int status = CheckArguments(function, request);
    return status || !request.bytes ? status : Move(function, request);
}

}  // namespace fake_cann

using namespace fake_cann;

namespace {

struct MemoryLocation {
    uint32_t device;
    int type;  // 0 host, 1 device
};

struct BatchAttributes {
    MemoryLocation to, from;
    uint8_t reserved[16];
};

Direction BatchDirection(const BatchAttributes* attributes, size_t count)
{
    if (!attributes || !count) return Direction::kDefault;
    bool to = attributes->to.type == 1, from = attributes->from.type == 1;
    if (to) return from ? Direction::kDeviceToDevice : Direction::kHostToDevice;
    return from ? Direction::kDeviceToHost : Direction::kHostToHost;
}

struct Batch {
    void** to;
    size_t* capacity;
    void** from;
    size_t* bytes;
    size_t count;
    BatchAttributes* attributes;
    size_t* attributeIndexes;
    size_t attributeCount;
};

// attributeIndexes[k] is the first copy that attributes[k] holds for.
std::vector<CopyRequest> Requests(const Batch& batch)
{
    std::vector<CopyRequest> requests;
    size_t current = 0;
    for (size_t i = 0; i < batch.count; i++) {
        while (batch.attributeIndexes && current + 1 < batch.attributeCount && batch.attributeIndexes[current + 1] <= i) current++;
        Direction direction = BatchDirection(batch.attributes ? batch.attributes + current : nullptr, batch.attributeCount);
        requests.push_back({batch.to[i], batch.capacity[i], batch.from[i], batch.bytes[i], direction});
    }
    return requests;
}

int CopyAll(const char* function, const std::vector<CopyRequest>& requests, size_t* failed)
{
    for (size_t i = 0; i < requests.size(); i++) {
        int status = Copy(function, requests[i]);
        if (!status) continue;
        if (failed) *failed = i;
        return status;
    }
    return kOk;
}

}  // namespace

CANN_API int aclrtMemcpy(void* to, size_t capacity, const void* from, size_t bytes, int kind)
{
    return Enter(__func__, {{"to", to}, {"from", from}, {"bytes", bytes}, {"kind", static_cast<uint64_t>(kind)}}, [&] {
        return Copy("aclrtMemcpy", {to, capacity, from, bytes, static_cast<Direction>(kind)});
    });
}

CANN_API int aclrtMemcpyAsync(void* to, size_t capacity, const void* from, size_t bytes, int kind, void* stream)
{
    return Enter(__func__, {{"to", to}, {"from", from}, {"bytes", bytes}, {"kind", static_cast<uint64_t>(kind)}, {"stream", stream}}, [&] {
        CopyRequest request{to, capacity, from, bytes, static_cast<Direction>(kind)};
        if (int status = CheckArguments("aclrtMemcpyAsync", request)) return status;
        return SubmitTo(stream, "aclrtMemcpyAsync", [=] { return Copy("aclrtMemcpyAsync", request); });
    });
}

CANN_API int aclrtMemcpyBatch(void** to, size_t* capacity, void** from, size_t* bytes, size_t count,
                              BatchAttributes* attributes, size_t* indexes, size_t attributeCount, size_t* failed)
{
    return Enter(__func__, {{"count", count}}, [&] {
        Batch batch{to, capacity, from, bytes, count, attributes, indexes, attributeCount};
        return CopyAll("aclrtMemcpyBatch", Requests(batch), failed);
    });
}

CANN_API int aclrtMemcpyBatchAsync(void** to, size_t* capacity, void** from, size_t* bytes, size_t count,
                                   BatchAttributes* attributes, size_t* indexes, size_t attributeCount,
                                   size_t*, void* stream)
{
    return Enter(__func__, {{"count", count}, {"stream", stream}}, [&] {
        Batch batch{to, capacity, from, bytes, count, attributes, indexes, attributeCount};
        return SubmitTo(stream, "aclrtMemcpyBatchAsync", [requests = Requests(batch)] {
            return CopyAll("aclrtMemcpyBatchAsync", requests, nullptr);
        });
    });
}

CANN_API int aclrtMemset(void* address, size_t capacity, int32_t value, size_t bytes)
{
    return Enter(__func__, {{"address", address}, {"bytes", bytes}}, [&] {
        return Fill("aclrtMemset", address, capacity, value, bytes);
    });
}

CANN_API int aclrtMemsetAsync(void* address, size_t capacity, int32_t value, size_t bytes, void* stream)
{
    return Enter(__func__, {{"address", address}, {"bytes", bytes}, {"stream", stream}}, [&] {
        return SubmitTo(stream, "aclrtMemsetAsync", [=] { return Fill("aclrtMemsetAsync", address, capacity, value, bytes); });
    });
}
