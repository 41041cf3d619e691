// The events between processes that one process has made: a memfd that its peers map.
//
//   maker ──► [ slot | slot | slot ... ] ◄── /proc/PROCESS/fd/DESCRIPTOR ── peers
//
// Nothing has a name in a file system, so the memory is gone with the last process that maps it,
// however that ends. A slot is taken again as late as possible: until then a peer that still has the
// event open may use it although its maker has destroyed it, as memory on a card stays as well.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "process_life.h"

namespace fake_cann {

enum class RecordingState : uint32_t { kComplete, kPending, kBroken, kLost };

struct Recording {
    uint64_t number;
    ProcessLife by;
    RecordingState state;
    int status;  // of the stream that failed before it, for kBroken
};

struct EventSlot {
    static constexpr size_t kKept = 32;  // recordings whose end may still be asked for

    pthread_mutex_t mutex;
    std::atomic<uint32_t> changes;  // a futex
    bool live;                      // its maker has not destroyed it
    uint64_t identity;              // of the event that has this slot
    uint64_t recorded;
    Recording recordings[kKept];
};

// The lock of a slot; what a process that died in it has left is whole enough to go on with.
class SlotLock {
public:
    explicit SlotLock(EventSlot& slot);
    ~SlotLock() { pthread_mutex_unlock(&slot_.mutex); }
    SlotLock(const SlotLock&) = delete;
    SlotLock& operator=(const SlotLock&) = delete;

private:
    EventSlot& slot_;
};

class EventTable {
public:
    static constexpr size_t kSlots = 8192;

    // That of this process, made when first asked for; nullptr: there is no memory for it.
    static std::shared_ptr<EventTable> Own();
    // That of a process; nullptr: it is gone, another user's, or has no such table.
    static std::shared_ptr<EventTable> Of(int process, int descriptor);

    EventTable(EventSlot* slots, int process, int descriptor) : process(process), descriptor(descriptor), slots_(slots) {}
    ~EventTable();
    EventTable(const EventTable&) = delete;
    EventTable& operator=(const EventTable&) = delete;

    EventSlot* slot(size_t index) { return index < kSlots ? &slots_[index] : nullptr; }
    // The index of a slot with a new identity; kSlots: all of them are in use.
    size_t Take();
    void Retire(size_t index);

    const int process, descriptor;

private:
    EventSlot* const slots_;
    std::mutex mutex_;
    size_t untouched_ = 0;
    std::deque<size_t> retired_;
};

}  // namespace fake_cann
