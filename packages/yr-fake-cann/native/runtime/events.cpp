#include "events.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "../call.h"
#include "../handles.h"
#include "shared_event.h"
#include "streams.h"

namespace fake_cann {
namespace {

// ACL_EVENT_SYNC, _DEVICE_USE_ONLY, _EXTERNAL, _IPC.
constexpr uint32_t kSynchronizes = 0x1, kDeviceOnly = 0x10, kExternal = 0x20, kInterProcess = 0x40;
constexpr uint32_t kAllFlags = 0x7F;

HandleTable<Event>& Events()
{
    static HandleTable<Event>& events = *new HandleTable<Event>(0xE7);
    return events;
}

int Mark(Stream& stream, Event& event, uint64_t recording)
{
    int failure = stream.Failure();
    if (failure) event.Break(recording, failure);
    else event.Complete(recording);
    return kOk;
}

int Await(const char* function, void* handle, Event::Timeout timeout)
{
    return Enter(function, {{"event", handle}}, [&] {
        std::shared_ptr<Event> event = FindEvent(handle);
        if (!event) return NoEvent(function, handle);
        return event->Wait(function, event->recorded(), timeout, [] { return false; });
    });
}

// A wait that is queued in a stream; also over when the stream drops what it has queued.
class PendingWait {
public:
    explicit PendingWait(std::shared_ptr<Event> event) : event_(std::move(event)) { event_->waiting++; }
    PendingWait(const PendingWait&) = delete;
    PendingWait& operator=(const PendingWait&) = delete;
    ~PendingWait() { event_->waiting--; }

    Event& event() const { return *event_; }

private:
    std::shared_ptr<Event> event_;
};

int WaitForRecording(void* stream, const std::shared_ptr<Event>& event)
{
    uint64_t recording = event->recorded();
    if (!recording && event->kind == EventKind::kPlain)
        return FailIn("never-recorded", kInvalidParameter, "aclrtStreamWaitEvent: the event was never recorded, so nothing would be waited for");
    if (event->Reached(recording)) return FindStream(stream) ? kOk : NoStream("aclrtStreamWaitEvent", stream);
    auto pending = std::make_shared<PendingWait>(event);
    return SubmitWaiting(stream, "aclrtStreamWaitEvent", [pending, recording](Stream& waiting) {
        return pending->event().Wait("aclrtStreamWaitEvent", recording, std::nullopt, [&] { return waiting.Aborted(); });
    });
}

int WaitForFlag(void* stream, const std::shared_ptr<Event>& event)
{
    auto pending = std::make_shared<PendingWait>(event);
    return SubmitWaiting(stream, "aclrtStreamWaitEvent", [pending](Stream& waiting) {
        return pending->event().WaitUntilRaised([&] { return waiting.Aborted(); });
    });
}

int CheckFlags(const char* function, uint32_t flags)
{
    if (!flags || flags > kAllFlags) return Fail(kInvalidParameter, "%s: 0x%x are no flags of an event", function, flags);
    for (uint32_t alone : {kExternal, kDeviceOnly, kInterProcess})
        if ((flags & alone) && flags != alone)
            return Fail(kInvalidParameter, "%s: flag 0x%x goes with no other, but 0x%x was given", function, alone, flags);
    return kOk;
}

int Create(const char* function, void** event, EventKind kind)
{
    return Enter(function, {}, [&] { return *event = AddEvent(std::make_shared<Event>(kind)), kOk; });
}

int CreateShared(const char* function, void** event)
{
    return Enter(function, {}, [&] {
        std::shared_ptr<SharedEvent> made = SharedEvent::Make();
        if (!made)
            return Fail(kOutOfMemory, "%s: no memory for an event between processes; a process has at most %zu at once",
                        function, EventTable::kSlots);
        return *event = AddEvent(std::move(made)), kOk;
    });
}

int NoTime(const char* function, const Event& event)
{
    if (event.kind != EventKind::kShared) return kOk;
    return Fail(kNotSupported, "%s: an event between processes (ACL_EVENT_IPC) keeps no time", function);
}

// On a machine with a card a caller that asks again and again takes no CPU from the card. Here
// streams run on the same CPUs, and a client of openyuanrong-datasystem 0.8.1 asks without a pause.
void LetStreamsRun() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace

std::shared_ptr<Event> FindEvent(const void* handle)
{
    std::shared_ptr<Event> found = Events().Find(handle);
    return found && found->Gone() ? nullptr : found;
}

void* AddEvent(std::shared_ptr<Event> event) { return Events().Add(std::move(event)); }

int NoEvent(const char* function, const void* handle)
{
    return FailIn("no-event", kInvalidHandle, "%s: %p is no event, or it was destroyed", function, handle);
}

uint64_t Event::Record()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return ++recorded_;
}

void Event::Complete(uint64_t recording)
{
    std::lock_guard<std::mutex> lock(mutex_);
    completed_ = std::max(completed_, recording);
    raised_ = true;
    time_ = Clock::now();
    changed_.notify_all();
}

void Event::Break(uint64_t recording, int status)
{
    std::lock_guard<std::mutex> lock(mutex_);
    broken_ = recording;
    status_ = status;
    changed_.notify_all();
}

uint64_t Event::recorded()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return recorded_;
}

bool Event::Reached(uint64_t recording)
{
    std::lock_guard<std::mutex> lock(mutex_);
    return completed_ >= recording;
}

Clock::time_point Event::time()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return time_;
}

int Event::Wait(const char* function, uint64_t recording, Timeout timeout, const GivenUp& given_up)
{
    std::unique_lock<std::mutex> lock(mutex_);
    auto decided = [&] { return completed_ >= recording || broken_ >= recording; };
    int gave_up = Await(lock, decided, timeout, given_up);
    if (gave_up == kEventTimeout) return Fail(gave_up, "%s: the event did not complete in time", function);
    if (gave_up) return Fail(gave_up, "%s: the stream was destroyed before the event", function);
    if (completed_ >= recording) return kOk;
    return Fail(status_, "%s: the stream failed with %d before the event", function, status_);
}

void Event::Lower()
{
    std::lock_guard<std::mutex> lock(mutex_);
    raised_ = false;
    broken_ = 0;
}

int Event::WaitUntilRaised(const GivenUp& given_up)
{
    std::unique_lock<std::mutex> lock(mutex_);
    auto decided = [&] { return raised_ || broken_ > completed_; };
    int gave_up = Await(lock, decided, std::nullopt, given_up);
    return gave_up ? gave_up : raised_ ? kOk : status_;
}

int Event::Await(std::unique_lock<std::mutex>& lock, const Condition& decided, Timeout timeout, const GivenUp& given_up)
{
    constexpr std::chrono::milliseconds kTick{100};
    auto deadline = Clock::now() + timeout.value_or(std::chrono::milliseconds(0));
    while (!decided()) {
        auto tick = Clock::now() + kTick;
        changed_.wait_until(lock, timeout ? std::min(tick, deadline) : tick, decided);
        if (decided()) break;
        if (timeout && Clock::now() >= deadline) return kEventTimeout;
        lock.unlock();
        bool stop = given_up();
        lock.lock();
        if (stop) return kStreamAborted;
    }
    return kOk;
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclrtCreateEvent(void** event) { return Create(__func__, event, EventKind::kPlain); }

CANN_API int aclrtCreateEventWithFlag(void** event, uint32_t flags)
{
    if (int status = CheckFlags(__func__, flags)) return status;
    if (flags == kInterProcess)
        return Fail(kInvalidParameter, "%s: aclrtCreateEventExWithFlag makes events between processes (ACL_EVENT_IPC)", __func__);
    return Create(__func__, event, flags & (kSynchronizes | kExternal) ? EventKind::kFlag : EventKind::kPlain);
}

CANN_API int aclrtCreateEventExWithFlag(void** event, uint32_t flags)
{
    if (int status = CheckFlags(__func__, flags)) return status;
    return flags == kInterProcess ? CreateShared(__func__, event) : Create(__func__, event, EventKind::kCaptures);
}

CANN_API int aclrtDestroyEvent(void* event)
{
    return Enter(__func__, {{"event", event}}, [&] { return Events().Remove(event) ? kOk : NoEvent("aclrtDestroyEvent", event); });
}

CANN_API int aclrtRecordEvent(void* event, void* stream)
{
    return Enter(__func__, {{"event", event}, {"stream", stream}}, [&] {
        std::shared_ptr<Event> found = FindEvent(event);
        if (!found) return NoEvent("aclrtRecordEvent", event);
        std::shared_ptr<Stream> marked = FindStream(stream);
        if (!marked) return NoStream("aclrtRecordEvent", stream);
        uint64_t recording = found->Record();
        if (!recording) return NoEvent("aclrtRecordEvent", event);
        Stream* itself = marked.get();
        return SubmitTo(stream, "aclrtRecordEvent", [=] { return Mark(*itself, *found, recording); });
    });
}

CANN_API int aclrtResetEvent(void* event, void* stream)
{
    return Enter(__func__, {{"event", event}, {"stream", stream}}, [&] {
        std::shared_ptr<Event> found = FindEvent(event);
        if (!found) return NoEvent("aclrtResetEvent", event);
        if (found->kind == EventKind::kFlag)
            return SubmitTo(stream, "aclrtResetEvent", [found] { return found->Lower(), kOk; });
        return Fail(found->captures() ? kNotSupported : kInvalidParameter,
                    "aclrtResetEvent: only an event of aclrtCreateEventWithFlag with ACL_EVENT_SYNC or _EXTERNAL is reset");
    });
}

CANN_API int aclrtStreamWaitEvent(void* stream, void* event)
{
    return Enter(__func__, {{"event", event}, {"stream", stream}}, [&] {
        std::shared_ptr<Event> found = FindEvent(event);
        if (!found) return NoEvent("aclrtStreamWaitEvent", event);
        return found->kind == EventKind::kFlag ? WaitForFlag(stream, found) : WaitForRecording(stream, found);
    });
}

CANN_API int aclrtSynchronizeEvent(void* event) { return Await(__func__, event, std::nullopt); }

CANN_API int aclrtSynchronizeEventWithTimeout(void* event, int32_t timeout)
{
    if (timeout < 0) return Await(__func__, event, std::nullopt);
    return Await(__func__, event, std::chrono::milliseconds(timeout));
}

// Recorded status: 1 when the recording has completed. Wait status counts the other way.
// An event that captures nothing yet has nothing left to complete.
CANN_API int aclrtQueryEventStatus(void* event, int* status)
{
    std::shared_ptr<Event> found = FindEvent(event);
    if (!found) return NoEvent("aclrtQueryEventStatus", event);
    uint64_t recording = found->recorded();
    *status = (recording || found->captures()) && found->Reached(recording);
    if (*status) return kOk;
    LetStreamsRun();
    return found->Refusal("aclrtQueryEventStatus", recording);
}

CANN_API int aclrtQueryEventWaitStatus(void* event, int* status)
{
    std::shared_ptr<Event> found = FindEvent(event);
    if (!found) return NoEvent("aclrtQueryEventWaitStatus", event);
    if (found->captures())
        return Fail(kNotSupported, "aclrtQueryEventWaitStatus: an event of aclrtCreateEventExWithFlag does not tell who waits");
    *status = found->waiting > 0;
    if (*status) LetStreamsRun();
    return kOk;
}

CANN_API int aclrtEventElapsedTime(float* milliseconds, void* begin, void* end)
{
    return Answer(__func__, [&] {
        std::shared_ptr<Event> first = FindEvent(begin), last = FindEvent(end);
        if (!first || !last) return NoEvent("aclrtEventElapsedTime", first ? end : begin);
        for (const Event* event : {first.get(), last.get()})
            if (int status = NoTime("aclrtEventElapsedTime", *event)) return status;
        *milliseconds = std::chrono::duration<float, std::milli>(last->time() - first->time()).count();
        return kOk;
    });
}

CANN_API int aclrtEventGetTimestamp(void* event, uint64_t* microseconds)
{
    std::shared_ptr<Event> found = FindEvent(event);
    if (!found) return NoEvent("aclrtEventGetTimestamp", event);
    if (int status = NoTime("aclrtEventGetTimestamp", *found)) return status;
    auto since = std::chrono::duration_cast<std::chrono::microseconds>(found->time().time_since_epoch());
    *microseconds = static_cast<uint64_t>(since.count());
    return kOk;
}
