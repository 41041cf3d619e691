// Events: marks in a stream that the host or another stream waits for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "../trace.h"

namespace fake_cann {

class Event {
public:
    uint64_t Record();  // a new recording; the event is incomplete until Complete gets its number
    void Complete(uint64_t recording);
    // The stream failed before the mark: this recording never completes, waiters get the status.
    void Break(uint64_t recording, int status);

    uint64_t recorded();
    bool Reached(uint64_t recording);
    int Wait(uint64_t recording, std::optional<std::chrono::milliseconds> timeout, const std::function<bool()>& given_up);
    Clock::time_point time();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t recorded_ = 0, completed_ = 0, broken_ = 0;
    int status_ = 0;
    Clock::time_point time_{};
};

}  // namespace fake_cann
