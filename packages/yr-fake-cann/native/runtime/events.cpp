#include "events.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "../call.h"
#include "../handles.h"
#include "streams.h"

namespace fake_cann {
namespace {

HandleTable<Event>& Events()
{
    static HandleTable<Event>& events = *new HandleTable<Event>(0xE7);
    return events;
}

int NoEvent(const char* function, const void* handle)
{
    return Fail(kInvalidHandle, "%s: %p is no event, or it was destroyed", function, handle);
}

int Mark(Stream& stream, Event& event, uint64_t recording)
{
    int failure = stream.Failure();
    if (failure) event.Break(recording, failure);
    else event.Complete(recording);
    return kOk;
}

int Await(const char* function, void* handle, std::optional<std::chrono::milliseconds> timeout)
{
    return Enter(function, {{"event", handle}}, [&] {
        std::shared_ptr<Event> event = Events().Find(handle);
        if (!event) return NoEvent(function, handle);
        int status = event->Wait(event->recorded(), timeout, [] { return false; });
        if (status == kEventTimeout) Fail(status, "%s: the event did not complete in time", function);
        else if (status) Fail(status, "%s: the stream failed with %d before the event", function, status);
        return status;
    });
}

// On a machine with a card a caller that asks again and again takes no CPU from the card. Here
// streams run on the same CPUs, and a client of openyuanrong-datasystem 0.8.1 asks without a pause.
void LetStreamsRun() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace

uint64_t Event::Record()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return ++recorded_;
}

void Event::Complete(uint64_t recording)
{
    std::lock_guard<std::mutex> lock(mutex_);
    completed_ = std::max(completed_, recording);
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

int Event::Wait(uint64_t recording, std::optional<std::chrono::milliseconds> timeout, const std::function<bool()>& given_up)
{
    constexpr std::chrono::milliseconds kTick{100};
    std::unique_lock<std::mutex> lock(mutex_);
    auto decided = [&] { return completed_ >= recording || broken_ >= recording; };
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
    return completed_ >= recording ? kOk : status_;
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclrtCreateEvent(void** event)
{
    return Enter(__func__, {}, [&] {
        *event = Events().Add(std::make_shared<Event>());
        return kOk;
    });
}

CANN_API int aclrtCreateEventWithFlag(void** event, uint32_t) { return aclrtCreateEvent(event); }

CANN_API int aclrtCreateEventExWithFlag(void** event, uint32_t) { return aclrtCreateEvent(event); }

CANN_API int aclrtDestroyEvent(void* event)
{
    return Enter(__func__, {{"event", event}}, [&] { return Events().Remove(event) ? kOk : NoEvent("aclrtDestroyEvent", event); });
}

CANN_API int aclrtRecordEvent(void* event, void* stream)
{
    return Enter(__func__, {{"event", event}, {"stream", stream}}, [&] {
        std::shared_ptr<Event> found = Events().Find(event);
        if (!found) return NoEvent("aclrtRecordEvent", event);
        std::shared_ptr<Stream> marked = FindStream(stream);
        if (!marked) return NoStream("aclrtRecordEvent", stream);
        Stream* itself = marked.get();
        return SubmitTo(stream, "aclrtRecordEvent",
                        [itself, found, recording = found->Record()] { return Mark(*itself, *found, recording); });
    });
}

CANN_API int aclrtResetEvent(void* event, void*)
{
    std::shared_ptr<Event> found = Events().Find(event);
    if (!found) return NoEvent("aclrtResetEvent", event);
    return kOk;
}

CANN_API int aclrtStreamWaitEvent(void* stream, void* event)
{
    return Enter(__func__, {{"event", event}, {"stream", stream}}, [&] {
        std::shared_ptr<Event> found = Events().Find(event);
        if (!found) return NoEvent("aclrtStreamWaitEvent", event);
        uint64_t recording = found->recorded();
        if (found->Reached(recording)) return FindStream(stream) ? kOk : NoStream("aclrtStreamWaitEvent", stream);
        return SubmitWaiting(stream, "aclrtStreamWaitEvent", [found, recording](Stream& waiting) {
            return found->Wait(recording, std::nullopt, [&] { return waiting.Aborted(); });
        });
    });
}

CANN_API int aclrtSynchronizeEvent(void* event) { return Await(__func__, event, std::nullopt); }

CANN_API int aclrtSynchronizeEventWithTimeout(void* event, int32_t timeout)
{
    if (timeout < 0) return Await(__func__, event, std::nullopt);
    return Await(__func__, event, std::chrono::milliseconds(timeout));
}

// Recorded status: 1 when the recording has completed. Wait status counts the other way.
CANN_API int aclrtQueryEventStatus(void* event, int* status)
{
    std::shared_ptr<Event> found = Events().Find(event);
    if (!found) return NoEvent("aclrtQueryEventStatus", event);
    uint64_t recording = found->recorded();
    *status = recording && found->Reached(recording);
    if (!*status) LetStreamsRun();
    return kOk;
}

CANN_API int aclrtQueryEventWaitStatus(void* event, int* status)
{
    std::shared_ptr<Event> found = Events().Find(event);
    if (!found) return NoEvent("aclrtQueryEventWaitStatus", event);
    *status = !found->Reached(found->recorded());
    if (*status) LetStreamsRun();
    return kOk;
}

CANN_API int aclrtEventElapsedTime(float* milliseconds, void* begin, void* end)
{
    std::shared_ptr<Event> first = Events().Find(begin), last = Events().Find(end);
    if (!first || !last) return NoEvent("aclrtEventElapsedTime", first ? end : begin);
    *milliseconds = std::chrono::duration<float, std::milli>(last->time() - first->time()).count();
    return kOk;
}

CANN_API int aclrtEventGetTimestamp(void* event, uint64_t* microseconds)
{
    std::shared_ptr<Event> found = Events().Find(event);
    if (!found) return NoEvent("aclrtEventGetTimestamp", event);
    auto since = std::chrono::duration_cast<std::chrono::microseconds>(found->time().time_since_epoch());
    *microseconds = static_cast<uint64_t>(since.count());
    return kOk;
}
