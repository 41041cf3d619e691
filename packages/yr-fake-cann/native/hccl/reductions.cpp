// Collectives that reduce. Every rank folds its share in the order of ranks, so results are the same
// on all ranks and in all runs.
//
//   allreduce = reduce-scatter of the elements' shares, then allgather of the results
#include <cstring>

#include "../call.h"
#include "elements.h"
#include "operations.h"

using namespace fake_cann;

namespace {

const Operation kAllReduce{"HcclAllReduce", 10}, kReduce{"HcclReduce", 11};
const Operation kReduceScatter{"HcclReduceScatter", 12}, kReduceScatterV{"HcclReduceScatterV", 13};

struct Reduction {
    int type, operation;
    uint64_t Bytes(uint64_t count) const { return count * ElementSize(type); }
};

// A run of elements in a buffer.
struct Share {
    uint64_t first, count;
};

// Everybody's shares of an input go to their owners; the result of this rank's share is folded.
int FoldShares(const Running& running, const Reduction& reduction, char* in, const std::vector<Share>& shares, std::vector<char>& folded)
{
    uint64_t own = reduction.Bytes(shares[running.rank()].count);
    std::vector<std::vector<char>> contributions(running.size(), std::vector<char>(own));
    std::vector<Transfer> outgoing, incoming;
    for (uint32_t peer = 0; peer < running.size(); peer++) {
        outgoing.push_back({peer, in + reduction.Bytes(shares[peer].first), reduction.Bytes(shares[peer].count)});
        incoming.push_back({peer, contributions[peer].data(), own});
    }
    if (int status = running.Exchange(outgoing, incoming)) return status;
    folded = std::move(contributions[0]);
    for (uint32_t peer = 1; peer < running.size(); peer++)
        Reduce(reduction.type, reduction.operation, folded.data(), contributions[peer].data(), shares[running.rank()].count);
    return kOk;
}

std::vector<Share> EqualShares(uint64_t count, uint32_t ranks)
{
    std::vector<Share> shares;
    for (uint64_t rank = 0; rank < ranks; rank++) {
        uint64_t first = count * rank / ranks;
        shares.push_back({first, count * (rank + 1) / ranks - first});
    }
    return shares;
}

int AllReduce(const Running& running, const Reduction& reduction, void* in, void* out, uint64_t count)
{
    char* input = running.View(in, reduction.Bytes(count));
    char* output = running.View(out, reduction.Bytes(count));
    if (!input || !output) return kInvalidMemory;
    std::vector<Share> shares = EqualShares(count, running.size());
    std::vector<char> folded;
    if (int status = FoldShares(running, reduction, input, shares, folded)) return status;
    std::vector<Transfer> outgoing, incoming;
    for (uint32_t peer = 0; peer < running.size(); peer++) {
        outgoing.push_back({peer, folded.data(), folded.size()});
        incoming.push_back({peer, output + reduction.Bytes(shares[peer].first), reduction.Bytes(shares[peer].count)});
    }
    return running.Exchange(outgoing, incoming);
}

int ReduceToRoot(const Running& running, const Reduction& reduction, void* in, void* out, uint64_t count, uint32_t root)
{
    uint64_t bytes = reduction.Bytes(count);
    bool isRoot = running.rank() == root;
    char* input = running.View(in, bytes);
    char* output = running.View(out, isRoot ? bytes : 0);
    if (!input || !output) return kInvalidMemory;
    std::vector<Share> shares(running.size(), Share{0, 0});
    shares[root].count = count;
    std::vector<char> folded;
    if (int status = FoldShares(running, reduction, input, shares, folded)) return status;
    if (isRoot) memcpy(output, folded.data(), bytes);
    return kOk;
}

int Scatter(const Running& running, const Reduction& reduction, void* in, void* out, const std::vector<Share>& shares)
{
    uint64_t end = 0, own = shares[running.rank()].count;
    for (const Share& share : shares) end = std::max(end, share.first + share.count);
    char* input = running.View(in, reduction.Bytes(end));
    char* output = running.View(out, reduction.Bytes(own));
    if (!input || !output) return kInvalidMemory;
    std::vector<char> folded;
    if (int status = FoldShares(running, reduction, input, shares, folded)) return status;
    memcpy(output, folded.data(), folded.size());
    return kOk;
}

int StartReduction(const Operation& operation, const Reduction& reduction, uint64_t count, void* communicator, void* stream, Work work)
{
    return Enter(operation.name, {{"bytes", reduction.Bytes(count)}, {"stream", stream}}, [&] {
        if (int status = CheckReduction(operation.name, reduction.type, reduction.operation)) return status;
        return Start(operation, communicator, stream, std::move(work));
    });
}

}  // namespace

CANN_API int HcclAllReduce(void* in, void* out, uint64_t count, int type, int operation, void* communicator, void* stream)
{
    Reduction reduction{type, operation};
    return StartReduction(kAllReduce, reduction, count, communicator, stream,
                          [=](const Running& running) { return AllReduce(running, reduction, in, out, count); });
}

CANN_API int HcclReduce(void* in, void* out, uint64_t count, int type, int operation, uint32_t root, void* communicator, void* stream)
{
    if (int status = CheckRank("HcclReduce", communicator, root, true)) return status;
    Reduction reduction{type, operation};
    return StartReduction(kReduce, reduction, count, communicator, stream,
                          [=](const Running& running) { return ReduceToRoot(running, reduction, in, out, count, root); });
}

CANN_API int HcclReduceScatter(void* in, void* out, uint64_t count, int type, int operation, void* communicator, void* stream)
{
    Reduction reduction{type, operation};
    return StartReduction(kReduceScatter, reduction, count, communicator, stream, [=](const Running& running) {
        return Scatter(running, reduction, in, out, EqualShares(count * running.size(), running.size()));
    });
}

CANN_API int HcclReduceScatterV(void* in, const uint64_t* counts, const uint64_t* displacements, void* out, uint64_t count,
                                int type, int operation, void* communicator, void* stream)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclReduceScatterV", communicator);
    std::vector<Share> shares;
    for (uint32_t rank = 0; rank < found->size(); rank++) shares.push_back({displacements[rank], counts[rank]});
    Reduction reduction{type, operation};
    return StartReduction(kReduceScatterV, reduction, count, communicator, stream,
                          [=](const Running& running) { return Scatter(running, reduction, in, out, shares); });
}
