// Collectives that move data without reducing it. Each is one exchange between all ranks.
#include "../call.h"
#include "elements.h"
#include "operations.h"

using namespace fake_cann;

namespace {

const Operation kBroadcast{"HcclBroadcast", 20}, kAllGather{"HcclAllGather", 21}, kAllGatherV{"HcclAllGatherV", 22};
const Operation kScatter{"HcclScatter", 23}, kAlltoAll{"HcclAlltoAll", 24}, kAlltoAllV{"HcclAlltoAllV", 25};
const Operation kAlltoAllVC{"HcclAlltoAllVC", 26}, kBarrier{"HcclBarrier", 27};

// Bytes of a buffer, by rank.
struct Piece {
    uint64_t offset, bytes;
};
using Pieces = std::vector<Piece>;

uint64_t End(const Pieces& pieces)
{
    uint64_t end = 0;
    for (const Piece& piece : pieces) end = std::max(end, piece.offset + piece.bytes);
    return end;
}

Pieces Evenly(uint32_t ranks, uint64_t bytes)
{
    Pieces pieces;
    for (uint32_t rank = 0; rank < ranks; rank++) pieces.push_back({rank * bytes, bytes});
    return pieces;
}

Pieces Listed(uint32_t ranks, const uint64_t* counts, const uint64_t* displacements, uint64_t size)
{
    Pieces pieces;
    for (uint32_t rank = 0; rank < ranks; rank++) pieces.push_back({displacements[rank] * size, counts[rank] * size});
    return pieces;
}

// outgoing[r] goes to rank r, incoming[r] comes from it; an empty list takes no part.
int ExchangePieces(const Running& running, const void* in, const Pieces& outgoing, const void* out, const Pieces& incoming)
{
    char* input = running.View(in, End(outgoing));
    char* output = running.View(out, End(incoming));
    if (!input || !output) return kInvalidMemory;
    std::vector<Transfer> from, to;
    for (uint32_t rank = 0; rank < outgoing.size(); rank++) from.push_back({rank, input + outgoing[rank].offset, outgoing[rank].bytes});
    for (uint32_t rank = 0; rank < incoming.size(); rank++) to.push_back({rank, output + incoming[rank].offset, incoming[rank].bytes});
    return running.Exchange(from, to);
}

int Broadcast(const Running& running, void* buffer, uint64_t bytes, uint32_t root)
{
    char* view = running.View(buffer, bytes);
    if (!view) return kInvalidMemory;
    if (running.rank() != root) return running.Exchange({}, {{root, view, bytes}});
    std::vector<Transfer> outgoing;
    for (uint32_t rank = 0; rank < running.size(); rank++) outgoing.push_back({rank, view, bytes});
    return running.Exchange(outgoing, {});
}

int ScatterFromRoot(const Running& running, void* in, void* out, uint64_t bytes, uint32_t root)
{
    char* output = running.View(out, bytes);
    bool isRoot = running.rank() == root;
    char* input = running.View(in, isRoot ? bytes * running.size() : 0);
    if (!input || !output) return kInvalidMemory;
    std::vector<Transfer> outgoing;
    for (uint32_t rank = 0; isRoot && rank < running.size(); rank++) outgoing.push_back({rank, input + rank * bytes, bytes});
    return running.Exchange(outgoing, {{root, output, bytes}});
}

int StartMove(const Operation& operation, int type, uint64_t count, void* communicator, void* stream, Work work)
{
    return Enter(operation.name, {{"bytes", count * ElementSize(type)}, {"stream", stream}}, [&] {
        if (int status = CheckType(operation.name, type)) return status;
        return Start(operation, communicator, stream, std::move(work));
    });
}

// The column of a matrix of counts that comes to `rank`, or the row that goes from it.
Pieces OfMatrix(const uint64_t* matrix, uint32_t ranks, uint32_t rank, bool row, uint64_t size)
{
    Pieces pieces;
    uint64_t offset = 0;
    for (uint32_t peer = 0; peer < ranks; peer++) {
        uint64_t bytes = size * (row ? matrix[rank * ranks + peer] : matrix[peer * ranks + rank]);
        pieces.push_back({offset, bytes});
        offset += bytes;
    }
    return pieces;
}

}  // namespace

CANN_API int HcclBroadcast(void* buffer, uint64_t count, int type, uint32_t root, void* communicator, void* stream)
{
    if (int status = CheckRank("HcclBroadcast", communicator, root, true)) return status;
    uint64_t bytes = count * ElementSize(type);
    return StartMove(kBroadcast, type, count, communicator, stream,
                     [=](const Running& running) { return Broadcast(running, buffer, bytes, root); });
}

CANN_API int HcclAllGather(void* in, void* out, uint64_t count, int type, void* communicator, void* stream)
{
    uint64_t bytes = count * ElementSize(type);
    return StartMove(kAllGather, type, count, communicator, stream, [=](const Running& running) {
        return ExchangePieces(running, in, Pieces(running.size(), Piece{0, bytes}), out, Evenly(running.size(), bytes));
    });
}

CANN_API int HcclAllGatherV(void* in, uint64_t count, void* out, const uint64_t* counts, const uint64_t* displacements, int type,
                            void* communicator, void* stream)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclAllGatherV", communicator);
    Pieces incoming = Listed(found->size(), counts, displacements, ElementSize(type));
    uint64_t bytes = count * ElementSize(type);
    return StartMove(kAllGatherV, type, count, communicator, stream, [=](const Running& running) {
        return ExchangePieces(running, in, Pieces(running.size(), Piece{0, bytes}), out, incoming);
    });
}

CANN_API int HcclScatter(void* in, void* out, uint64_t count, int type, uint32_t root, void* communicator, void* stream)
{
    if (int status = CheckRank("HcclScatter", communicator, root, true)) return status;
    uint64_t bytes = count * ElementSize(type);
    return StartMove(kScatter, type, count, communicator, stream,
                     [=](const Running& running) { return ScatterFromRoot(running, in, out, bytes, root); });
}

CANN_API int HcclAlltoAll(const void* in, uint64_t inCount, int inType, const void* out, uint64_t outCount, int outType,
                          void* communicator, void* stream)
{
    uint64_t from = inCount * ElementSize(inType), to = outCount * ElementSize(outType);
    return StartMove(kAlltoAll, inType, inCount, communicator, stream, [=](const Running& running) {
        return ExchangePieces(running, in, Evenly(running.size(), from), out, Evenly(running.size(), to));
    });
}

CANN_API int HcclAlltoAllV(const void* in, const uint64_t* inCounts, const uint64_t* inDisplacements, int inType, const void* out,
                           const uint64_t* outCounts, const uint64_t* outDisplacements, int outType, void* communicator, void* stream)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclAlltoAllV", communicator);
    Pieces outgoing = Listed(found->size(), inCounts, inDisplacements, ElementSize(inType));
    Pieces incoming = Listed(found->size(), outCounts, outDisplacements, ElementSize(outType));
    return StartMove(kAlltoAllV, inType, 0, communicator, stream,
                     [=](const Running& running) { return ExchangePieces(running, in, outgoing, out, incoming); });
}

CANN_API int HcclAlltoAllVC(const void* in, const uint64_t* matrix, int inType, const void* out, int outType, void* communicator, void* stream)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclAlltoAllVC", communicator);
    Pieces outgoing = OfMatrix(matrix, found->size(), found->rank(), true, ElementSize(inType));
    Pieces incoming = OfMatrix(matrix, found->size(), found->rank(), false, ElementSize(outType));
    return StartMove(kAlltoAllVC, inType, 0, communicator, stream,
                     [=](const Running& running) { return ExchangePieces(running, in, outgoing, out, incoming); });
}

CANN_API int HcclBarrier(void* communicator, void* stream)
{
    return StartMove(kBarrier, 0, 0, communicator, stream, [](const Running& running) {
        return ExchangePieces(running, nullptr, Pieces(running.size(), Piece{0, 0}), nullptr, Pieces(running.size(), Piece{0, 0}));
    });
}
