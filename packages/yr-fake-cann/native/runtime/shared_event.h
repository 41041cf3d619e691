// An event between processes (ACL_EVENT_IPC): each of them may record it and wait for it.
//
// Its recordings are in the table of the process that made it. A recording whose process has ended
// before the stream came to it will never complete: who waits or asks learns that instead of waiting
// on. CANN documents nothing for it; on a card nothing would write the value that is waited for.
#pragma once

#include <cstddef>
#include <memory>

#include "../abi.h"
#include "event_table.h"
#include "events.h"

namespace fake_cann {

class SharedEvent final : public Event {
public:
    static std::shared_ptr<SharedEvent> Make();  // nullptr: more live events than a process has slots for
    // nullptr: no handle, or one of an event that was destroyed or whose process is gone
    static std::shared_ptr<SharedEvent> Open(const char* handle, size_t size);

    SharedEvent(std::shared_ptr<EventTable> table, size_t index, uint64_t identity, bool made);
    ~SharedEvent() override;

    void Export(char* handle, size_t size) const;

    uint64_t Record() override;
    void Complete(uint64_t recording) override { Decide(recording, RecordingState::kComplete, kOk); }
    void Break(uint64_t recording, int status) override { Decide(recording, RecordingState::kBroken, status); }
    uint64_t recorded() override;
    bool Reached(uint64_t recording) override;
    int Wait(const char* function, uint64_t recording, Timeout timeout, const GivenUp& given_up) override;
    int Refusal(const char* function, uint64_t recording) override;
    bool Gone() override;

private:
    struct Seen {
        Recording recording;
        uint32_t changes;
    };
    Seen Look(uint64_t recording);
    Seen LookAlive(uint64_t recording);
    void Decide(uint64_t recording, RecordingState state, int status);
    void Sleep(uint32_t changes, Clock::time_point until);

    const std::shared_ptr<EventTable> table_;
    EventSlot& slot_;
    const size_t index_;
    const uint64_t identity_;
    const bool made_;
};

}  // namespace fake_cann
