// Events: marks in a stream that the host or another stream waits for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "../trace.h"

namespace fake_cann {

// What a stream waits for, by the call that made the event (public documentation of CANN 8.5).
enum class EventKind {
    kCaptures,  // aclrtCreateEventExWithFlag: what was recorded last; nothing recorded is done
    kPlain,     // aclrtCreateEvent: the same, but waiting for nothing recorded is a mistake
    kFlag,      // aclrtCreateEventWithFlag: a flag that a recording raises and only a reset lowers
};

class Event {
public:
    using GivenUp = std::function<bool()>;

    explicit Event(EventKind kind) : kind(kind) {}

    uint64_t Record();  // a new recording; the event is incomplete until Complete gets its number
    void Complete(uint64_t recording);
    // The stream failed before the mark: this recording never completes, waiters get the status.
    void Break(uint64_t recording, int status);

    uint64_t recorded();
    bool Reached(uint64_t recording);
    int Wait(uint64_t recording, std::optional<std::chrono::milliseconds> timeout, const GivenUp& given_up);
    Clock::time_point time();

    void Lower();
    int WaitUntilRaised(const GivenUp& given_up);

    const EventKind kind;
    std::atomic<int> waiting{0};  // streams that have not passed their wait yet

private:
    using Condition = std::function<bool()>;
    int Await(std::unique_lock<std::mutex>& lock, const Condition& decided,
              std::optional<std::chrono::milliseconds> timeout, const GivenUp& given_up);

    std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t recorded_ = 0, completed_ = 0, broken_ = 0;
    bool raised_ = false;
    int status_ = 0;
    Clock::time_point time_{};
};

}  // namespace fake_cann
