// What the entry points of HCCL share: checks, and running one operation as a task of a stream.
#pragma once

#include <functional>
#include <memory>

#include "../abi.h"
#include "communicator.h"
#include "exchange.h"

namespace fake_cann {

// One operation under way on this rank.
class Running {
public:
    Running(const Operation& operation, Communicator& communicator, Stream& stream)
        : operation_(operation), communicator_(communicator), stream_(stream) {}

    uint32_t rank() const { return communicator_.rank(); }
    uint32_t size() const { return communicator_.size(); }
    // Bytes of device memory as this process may touch them; nullptr fails the operation. No bytes
    // need no memory.
    char* View(const void* address, uint64_t bytes) const;
    int Exchange(const std::vector<Transfer>& outgoing, const std::vector<Transfer>& incoming) const
    {
        return fake_cann::Exchange(operation_, communicator_, stream_, outgoing, incoming);
    }

private:
    const Operation& operation_;
    Communicator& communicator_;
    Stream& stream_;
};

using Work = std::function<int(const Running&)>;

// Finds communicator and stream, and submits the work. `operation` must outlive the task.
int Start(const Operation& operation, void* communicator, void* stream, Work work);

int CheckType(const char* function, int type);
int CheckReduction(const char* function, int type, int operation);
int CheckRank(const char* function, void* communicator, uint32_t rank, bool mayBeSelf);

}  // namespace fake_cann
