// Notifies: one 32-bit flag in device memory each, so that a peer process can set it.
#pragma once

#include <atomic>
#include <cstdint>

namespace fake_cann {

class Stream;
using NotifyFlag = std::atomic<uint32_t>;

// Set and wake; both also reach waiters in other processes that map the flag.
void RaiseNotify(NotifyFlag* flag, uint32_t value);
// Takes the flag (a wait clears it); fails only when the stream is aborted.
int AwaitNotify(NotifyFlag* flag, Stream& stream);
// The flag of a notify that this process created, nullptr: unknown id.
NotifyFlag* NotifyById(uint16_t id);

}  // namespace fake_cann
