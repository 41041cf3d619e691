// Messages of one operation between ranks, sent and received together so that no order of ranks
// can block another.
//
//   sender:   header ──► payload ──► wait for the acknowledgement
//   receiver: header, which must fit ──► payload ──► acknowledge
//
// Both sides finish when the receiver has the bytes. A peer that dies never answers: the operation
// waits until HCCL_EXEC_TIMEOUT, while HcclGetCommAsyncError already tells it. After an operation
// that did not end, its communicator gives nothing but errors.
#pragma once

#include <cstdint>
#include <vector>

#include "communicator.h"

namespace fake_cann {

class Stream;

// What ranks do together; both ends of a message must name the same.
struct Operation {
    const char* name;
    uint32_t code;
};

struct Transfer {
    uint32_t peer;
    char* bytes;
    uint64_t count;
};

// A transfer to this rank itself is copied to the transfer from it.
int Exchange(const Operation& operation, Communicator& communicator, Stream& stream,
             const std::vector<Transfer>& outgoing, const std::vector<Transfer>& incoming);

}  // namespace fake_cann
