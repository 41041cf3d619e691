// HcclSend, HcclRecv, and batches of both.
#include "../call.h"
#include "elements.h"
#include "operations.h"

using namespace fake_cann;

namespace {

// A send meets a receive of any of these calls, so they share a code.
constexpr uint32_t kMessage = 1;
const Operation kSend{"HcclSend", kMessage}, kReceive{"HcclRecv", kMessage}, kBatch{"HcclBatchSendRecv", kMessage};

int Message(const Operation& operation, void* buffer, uint64_t count, int type, uint32_t peer, void* communicator, void* stream)
{
    uint64_t bytes = count * ElementSize(type);
    return Enter(operation.name, {{"bytes", bytes}, {"peer", peer}, {"stream", stream}}, [&] {
        if (int status = CheckType(operation.name, type)) return status;
        if (int status = CheckRank(operation.name, communicator, peer, false)) return status;
        bool sending = &operation == &kSend;
        return Start(operation, communicator, stream, [=](const Running& running) {
            char* view = running.View(buffer, bytes);
            if (!view) return kInvalidMemory;
            std::vector<Transfer> transfers{{peer, view, bytes}};
            return sending ? running.Exchange(transfers, {}) : running.Exchange({}, transfers);
        });
    });
}

struct BatchItem {
    int receive;
    void* buffer;
    uint64_t count;
    int type;
    uint32_t peer;
};

int RunBatch(const Running& running, const std::vector<BatchItem>& items)
{
    std::vector<Transfer> outgoing, incoming;
    for (const BatchItem& item : items) {
        uint64_t bytes = item.count * ElementSize(item.type);
        char* view = running.View(item.buffer, bytes);
        if (!view) return kInvalidMemory;
        (item.receive ? incoming : outgoing).push_back({item.peer, view, bytes});
    }
    return running.Exchange(outgoing, incoming);
}

}  // namespace

CANN_API int HcclSend(void* buffer, uint64_t count, int type, uint32_t peer, void* communicator, void* stream)
{
    return Message(kSend, buffer, count, type, peer, communicator, stream);
}

CANN_API int HcclRecv(void* buffer, uint64_t count, int type, uint32_t peer, void* communicator, void* stream)
{
    return Message(kReceive, buffer, count, type, peer, communicator, stream);
}

CANN_API int HcclBatchSendRecv(BatchItem* items, uint32_t count, void* communicator, void* stream)
{
    return Enter(__func__, {{"items", count}, {"stream", stream}}, [&] {
        std::vector<BatchItem> copied(items, items + count);
        for (const BatchItem& item : copied) {
            if (int status = CheckType(kBatch.name, item.type)) return status;
            if (int status = CheckRank(kBatch.name, communicator, item.peer, true)) return status;
        }
        return Start(kBatch, communicator, stream, [copied](const Running& running) { return RunBatch(running, copied); });
    });
}
