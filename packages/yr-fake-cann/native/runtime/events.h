// Events: marks in a stream that the host or another stream waits for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "../trace.h"

namespace fake_cann {

// What a stream waits for, by the call that made the event (public documentation of CANN 8.5).
enum class EventKind {
    kCaptures,  // aclrtCreateEventExWithFlag: what was recorded last; nothing recorded is done
    kPlain,     // aclrtCreateEvent: the same, but waiting for nothing recorded is a mistake
    kFlag,      // aclrtCreateEventWithFlag: a flag that a recording raises and only a reset lowers
    kShared,    // aclrtCreateEventExWithFlag with ACL_EVENT_IPC: captures, between processes
};

class Event {
public:
    using GivenUp = std::function<bool()>;
    using Timeout = std::optional<std::chrono::milliseconds>;

    explicit Event(EventKind kind) : kind(kind) {}
    virtual ~Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    // A new recording; the event is incomplete until Complete gets its number. 0: the event is gone.
    virtual uint64_t Record();
    virtual void Complete(uint64_t recording);
    // The stream failed before the mark: this recording never completes, waiters get the status.
    virtual void Break(uint64_t recording, int status);

    virtual uint64_t recorded();
    virtual bool Reached(uint64_t recording);
    // A status other than 0 says in the thread's last error why the recording was not reached.
    virtual int Wait(const char* function, uint64_t recording, Timeout timeout, const GivenUp& given_up);
    // What a question about a recording fails with: 0, unless nobody in this process would learn of it.
    virtual int Refusal(const char*, uint64_t) { return 0; }
    // Its maker, another process, has destroyed it, and its memory belongs to another event.
    virtual bool Gone() { return false; }

    bool captures() const { return kind == EventKind::kCaptures || kind == EventKind::kShared; }
    Clock::time_point time();

    void Lower();
    int WaitUntilRaised(const GivenUp& given_up);

    const EventKind kind;
    std::atomic<int> waiting{0};  // streams that have not passed their wait yet

private:
    using Condition = std::function<bool()>;
    int Await(std::unique_lock<std::mutex>& lock, const Condition& decided, Timeout timeout, const GivenUp& given_up);

    std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t recorded_ = 0, completed_ = 0, broken_ = 0;
    bool raised_ = false;
    int status_ = 0;
    Clock::time_point time_{};
};

std::shared_ptr<Event> FindEvent(const void* handle);  // nullptr: unknown, destroyed or gone
void* AddEvent(std::shared_ptr<Event> event);
int NoEvent(const char* function, const void* handle);

}  // namespace fake_cann
