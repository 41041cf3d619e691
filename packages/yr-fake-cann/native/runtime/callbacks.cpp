// Host functions in a stream: run by the thread that subscribed to it, or by the stream's own.
#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "../call.h"
#include "events.h"
#include "streams.h"

using namespace fake_cann;

namespace {

struct Reports {
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<std::function<void()>> queue;
};

struct Subscribers {
    std::mutex mutex;
    std::map<uint64_t, std::shared_ptr<Reports>> reports;
};

std::shared_ptr<Reports> ReportsOf(uint64_t thread)
{
    static Subscribers& subscribers = *new Subscribers;
    std::lock_guard<std::mutex> lock(subscribers.mutex);
    std::shared_ptr<Reports>& reports = subscribers.reports[thread];
    if (!reports) reports = std::make_shared<Reports>();
    return reports;
}

int RunNextReport(Reports& reports, int32_t timeout)
{
    std::unique_lock<std::mutex> lock(reports.mutex);
    auto arrived = [&] { return !reports.queue.empty(); };
    if (timeout < 0) reports.arrived.wait(lock, arrived);
    else if (!reports.arrived.wait_for(lock, std::chrono::milliseconds(timeout), arrived))
        return Fail(kReportTimeout, "aclrtProcessReport: no callback in %d ms", timeout);
    std::function<void()> report = std::move(reports.queue.front());
    reports.queue.pop_front();
    lock.unlock();
    report();
    return kOk;
}

void Post(Reports& reports, std::function<void()> report)
{
    std::lock_guard<std::mutex> lock(reports.mutex);
    reports.queue.push_back(std::move(report));
    reports.arrived.notify_all();
}

int Subscribe(const char* function, uint64_t thread, void* stream)
{
    return Enter(function, {{"stream", stream}}, [&] {
        std::shared_ptr<Stream> found = FindStream(stream);
        if (!found) return NoStream(function, stream);
        found->subscriber = thread;
        return kOk;
    });
}

}  // namespace

CANN_API int aclrtSubscribeReport(uint64_t thread, void* stream) { return Subscribe(__func__, thread, stream); }

CANN_API int aclrtUnSubscribeReport(uint64_t, void* stream) { return Subscribe(__func__, 0, stream); }

CANN_API int aclrtProcessReport(int32_t timeout)
{
    return RunNextReport(*ReportsOf(static_cast<uint64_t>(pthread_self())), timeout);
}

CANN_API int aclrtLaunchCallback(void (*function)(void*), void* argument, int blocking, void* stream)
{
    return Enter(__func__, {{"stream", stream}}, [&] {
        std::shared_ptr<Stream> found = FindStream(stream);
        if (!found) return NoStream("aclrtLaunchCallback", stream);
        uint64_t thread = found->subscriber.load();
        if (!thread) return Fail(kNotSubscribed, "aclrtLaunchCallback: no thread has subscribed to stream %d", found->id());
        return SubmitWaiting(stream, "aclrtLaunchCallback", [=](Stream& running) {
            auto finished = std::make_shared<Event>(EventKind::kCaptures);
            uint64_t recording = finished->Record();
            Post(*ReportsOf(thread), [=] {
                function(argument);
                finished->Complete(recording);
            });
            return blocking ? finished->Wait("aclrtLaunchCallback", recording, std::nullopt, [&] { return running.Aborted(); }) : kOk;
        });
    });
}

CANN_API int aclrtLaunchHostFunc(void* stream, void (*function)(void*), void* argument)
{
    return Enter(__func__, {{"stream", stream}}, [&] {
        return SubmitWaiting(stream, "aclrtLaunchHostFunc", [=](Stream&) {
            function(argument);
            return kOk;
        });
    });
}
