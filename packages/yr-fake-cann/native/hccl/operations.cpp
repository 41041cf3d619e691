#include "operations.h"

#include "../call.h"
#include "../runtime/memory.h"
#include "../runtime/streams.h"
#include "elements.h"

namespace fake_cann {

char* Running::View(const void* address, uint64_t bytes) const
{
    static char nothing;
    return bytes ? DeviceView(operation_.name, address, bytes) : &nothing;
}

int Start(const Operation& operation, void* communicator, void* stream, Work work)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator(operation.name, communicator);
    int status = SubmitWaiting(stream, operation.name, [&operation, found, work = std::move(work)](Stream& running) {
        return work(Running(operation, *found, running));
    });
    return status ? kHcclParameter : kOk;
}

int CheckType(const char* function, int type)
{
    return ElementSize(type) ? kOk : FailIn("no-type", kHcclParameter, "%s: %d is no data type", function, type);
}

int CheckReduction(const char* function, int type, int operation)
{
    if (int status = CheckType(function, type)) return status;
    if (CanReduce(type, operation)) return kOk;
    return Fail(kHcclNotSupported, "%s: HCCL has no reduction %d of data type %d", function, operation, type);
}

int CheckRank(const char* function, void* communicator, uint32_t rank, bool mayBeSelf)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator(function, communicator);
    if (rank < found->size() && (mayBeSelf || rank != found->rank())) return kOk;
    return FailIn(rank < found->size() ? "own-rank" : "rank-out-of-range", kHcclParameter, "%s: rank %u is not another rank of the %u", function, rank, found->size());
}

}  // namespace fake_cann
