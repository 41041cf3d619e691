#include "shared_event.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <string>

#include "../call.h"

namespace fake_cann {
namespace {

constexpr std::chrono::milliseconds kTick{100};

void Wake(std::atomic<uint32_t>& changes)
{
    changes++;
    syscall(SYS_futex, &changes, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

int Explain(const char* function, const Recording& recording)
{
    if (recording.state == RecordingState::kComplete) return kOk;
    if (recording.state == RecordingState::kBroken)
        return Fail(recording.status, "%s: the stream of process %d failed with %d before the event", function,
                    recording.by.process, recording.status);
    return Fail(kRemoteLost, "%s: process %d has ended before its stream came to the event that it had recorded",
                function, recording.by.process);
}

}  // namespace

std::shared_ptr<SharedEvent> SharedEvent::Make()
{
    std::shared_ptr<EventTable> table = EventTable::Own();
    size_t index = table ? table->Take() : EventTable::kSlots;
    if (index == EventTable::kSlots) return nullptr;
    return std::make_shared<SharedEvent>(table, index, table->slot(index)->identity, true);
}

std::shared_ptr<SharedEvent> SharedEvent::Open(const char* handle, size_t size)
{
    std::string name(handle, size);
    int process = 0, descriptor = 0;
    size_t index = 0;
    uint64_t identity = 0;
    if (sscanf(name.c_str(), "yrfce:%d:%d:%zu:%" SCNx64, &process, &descriptor, &index, &identity) != 4) return nullptr;
    std::shared_ptr<EventTable> table = EventTable::Of(process, descriptor);
    EventSlot* slot = table ? table->slot(index) : nullptr;
    if (!slot) return nullptr;
    SlotLock lock(*slot);
    if (!slot->live || slot->identity != identity) return nullptr;
    return std::make_shared<SharedEvent>(table, index, identity, false);
}

SharedEvent::SharedEvent(std::shared_ptr<EventTable> table, size_t index, uint64_t identity, bool made)
    : Event(EventKind::kShared), table_(std::move(table)), slot_(*table_->slot(index)), index_(index),
      identity_(identity), made_(made)
{
}

SharedEvent::~SharedEvent()
{
    if (made_ && table_->process == getpid()) table_->Retire(index_);  // a forked child has made nothing
}

void SharedEvent::Export(char* handle, size_t size) const
{
    std::fill_n(handle, size, char{0});
    snprintf(handle, size, "yrfce:%d:%d:%zu:%" PRIx64, table_->process, table_->descriptor, index_, identity_);
}

uint64_t SharedEvent::Record()
{
    while (true) {
        uint64_t number = recorded() + 1;
        // As on a card, who records faster than streams run waits for a place.
        if (number > EventSlot::kKept)
            Wait("aclrtRecordEvent", number - EventSlot::kKept, std::nullopt, [this] { return Gone(); });
        SlotLock lock(slot_);
        if (slot_.identity != identity_) return 0;
        if (slot_.recorded + 1 != number) continue;
        slot_.recordings[number % EventSlot::kKept] = {number, ThisProcess(), RecordingState::kPending, kOk};
        slot_.recorded = number;
        return number;
    }
}

uint64_t SharedEvent::recorded()
{
    SlotLock lock(slot_);
    return slot_.identity == identity_ ? slot_.recorded : 0;
}

bool SharedEvent::Reached(uint64_t recording)
{
    return Look(recording).recording.state == RecordingState::kComplete;
}

int SharedEvent::Wait(const char* function, uint64_t recording, Timeout timeout, const GivenUp& given_up)
{
    Clock::time_point deadline = timeout ? Clock::now() + *timeout : Clock::time_point::max();
    while (true) {
        Seen seen = LookAlive(recording);
        if (seen.recording.state != RecordingState::kPending) return Explain(function, seen.recording);
        if (Clock::now() >= deadline) return Fail(kEventTimeout, "%s: the event did not complete in time", function);
        if (given_up()) return Fail(kStreamAborted, "%s: the stream was destroyed before the event", function);
        Sleep(seen.changes, std::min(Clock::now() + kTick, deadline));
    }
}

int SharedEvent::Refusal(const char* function, uint64_t recording)
{
    Seen seen = LookAlive(recording);
    return seen.recording.state == RecordingState::kPending ? kOk : Explain(function, seen.recording);
}

bool SharedEvent::Gone()
{
    SlotLock lock(slot_);
    return slot_.identity != identity_;
}

// A recording of which nothing is kept any more is complete: a later one has taken its place.
SharedEvent::Seen SharedEvent::Look(uint64_t recording)
{
    SlotLock lock(slot_);
    const Recording& kept = slot_.recordings[recording % EventSlot::kKept];
    uint32_t changes = slot_.changes;
    if (recording && slot_.identity == identity_ && kept.number == recording) return {kept, changes};
    return {{recording, {}, RecordingState::kComplete, kOk}, changes};
}

SharedEvent::Seen SharedEvent::LookAlive(uint64_t recording)
{
    Seen seen = Look(recording);
    if (seen.recording.state != RecordingState::kPending || Lives(seen.recording.by)) return seen;
    // It may have completed between the two looks, and then this changes nothing.
    Decide(recording, RecordingState::kLost, kOk);
    return Look(recording);
}

void SharedEvent::Decide(uint64_t recording, RecordingState state, int status)
{
    SlotLock lock(slot_);
    Recording& kept = slot_.recordings[recording % EventSlot::kKept];
    if (slot_.identity != identity_ || kept.number != recording || kept.state != RecordingState::kPending) return;
    kept.state = state;
    kept.status = status;
    Wake(slot_.changes);
}

void SharedEvent::Sleep(uint32_t changes, Clock::time_point until)
{
    auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count();
    if (left <= 0) return;
    const timespec duration{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    syscall(SYS_futex, &slot_.changes, FUTEX_WAIT, changes, &duration, nullptr, 0);
}

}  // namespace fake_cann
