#include "streams.h"

#include <pthread.h>

#include <atomic>
#include <thread>
#include <vector>

#include "../call.h"
#include "../handles.h"
#include "../settings.h"
#include "devices.h"

namespace fake_cann {
namespace {

std::atomic<int> g_streams{0};

HandleTable<Stream>& Streams()
{
    static HandleTable<Stream>& streams = *new HandleTable<Stream>(0x57);
    return streams;
}

int Execute(const Task& task, int device, int stream)
{
    TraceRecord record{"task", task.name, device, stream, Clock::now(), 0};
    int planned = PlannedFault(FaultPoint::kTask, task.name, device);
    int condition = planned ? kOk : ConditionFault(FaultPoint::kTask, task.name, device);
    record.status = planned ? FailAsPlanned(planned, task.name) : condition ? condition : task.run();
    if (Tracing()) WriteTrace(record, {});
    return record.status;
}

std::vector<std::shared_ptr<Stream>> StreamsOf(const Device& device)
{
    std::vector<std::shared_ptr<Stream>> found{device.defaultStream};
    Streams().ForEach([&](const std::shared_ptr<Stream>& stream) {
        if (stream->device() == device.physical) found.push_back(stream);
    });
    return found;
}

int SynchronizeStream(const char* function, void* stream, std::optional<std::chrono::milliseconds> timeout)
{
    return Enter(function, {{"stream", stream}}, [&] {
        std::shared_ptr<Stream> found = FindStream(stream);
        return found ? found->Synchronize(timeout) : NoStream(function, stream);
    });
}

int SynchronizeAll(const Device& device, std::optional<std::chrono::milliseconds> timeout)
{
    int first = kOk;
    for (auto& stream : StreamsOf(device)) {
        int status = stream->Synchronize(timeout);
        if (!first) first = status;
    }
    return first;
}

int SynchronizeDevice(const char* function, std::optional<std::chrono::milliseconds> timeout)
{
    return Enter(function, {}, [&] {
        Device* device = CurrentDevice();
        return device ? SynchronizeAll(*device, timeout) : NoContext(function);
    });
}

std::optional<std::chrono::milliseconds> Milliseconds(int32_t timeout)
{
    if (timeout < 0) return std::nullopt;
    return std::chrono::milliseconds(timeout);
}

}  // namespace

Stream::Stream(int physicalDevice) : id_(g_streams++), device_(physicalDevice) {}

void Stream::Submit(Task task)
{
    std::unique_lock<std::mutex> lock(mutex_);
    if (closed_) return;
    submitted_++;
    bool idle = done_ + 1 == submitted_ && !busy_;
    if (!TheSettings().asynchronous && !task.waits && idle && !Hangs(device_)) {
        Run(lock, task);
        return;
    }
    Clock::time_point ready = Clock::now();
    if (TheSettings().asynchronous) ready += TheSettings().delay;
    queue_.push_back({std::move(task), ready});
    if (!started_) {
        started_ = true;
        std::thread worker([self = shared_from_this()] { self->Work(); });
        pthread_setname_np(worker.native_handle(), "yr_fake_cann");
        worker.detach();
    }
    queuedOrClosed_.notify_all();
}

void Stream::Run(std::unique_lock<std::mutex>& lock, const Task& task)
{
    busy_ = true;
    lock.unlock();
    while (Hangs(device_) && !Aborted()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    int status = Execute(task, device_, id_);
    lock.lock();
    busy_ = false;
    done_++;
    if (status && !failure_) {
        failure_ = status;
        reason_ = LastError();
        situation_ = LastSituation();
    }
    finished_.notify_all();
    queuedOrClosed_.notify_all();
}

void Stream::Work()
{
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        queuedOrClosed_.wait(lock, [this] { return (closed_ && queue_.empty()) || (!queue_.empty() && !busy_); });
        if (queue_.empty()) return;
        auto ready = queue_.front().ready;
        if (queuedOrClosed_.wait_until(lock, ready, [this] { return aborted_; })) continue;
        Queued next = std::move(queue_.front());
        queue_.pop_front();
        Run(lock, next.task);
    }
}

int Stream::Synchronize(std::optional<std::chrono::milliseconds> timeout)
{
    std::unique_lock<std::mutex> lock(mutex_);
    uint64_t target = submitted_;
    auto reached = [&] { return done_ >= target || aborted_; };
    if (!timeout) finished_.wait(lock, reached);
    else if (!finished_.wait_for(lock, *timeout, reached)) return Fail(kStreamTimeout, "stream %d is not done in time", id_);
    if (aborted_) return Fail(kStreamAborted, "stream %d was destroyed", id_);
    int status = failure_;
    if (status) SetLastError(reason_, situation_);
    failure_ = kOk;
    return status;
}

bool Stream::Idle()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return done_ == submitted_;
}

int Stream::Failure()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return failure_;
}

void Stream::Close(bool force)
{
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    if (force) {
        aborted_ = true;
        queue_.clear();
    }
    queuedOrClosed_.notify_all();
    finished_.notify_all();
}

bool Stream::Aborted()
{
    std::lock_guard<std::mutex> lock(mutex_);
    return aborted_;
}

std::shared_ptr<Stream> FindStream(void* handle)
{
    if (handle) return Streams().Find(handle);
    Device* device = CurrentDevice();
    return device ? device->defaultStream : nullptr;
}

int NoStream(const char* function, void* handle)
{
    if (!handle) return NoContext(function);
    return FailIn("no-stream", kInvalidHandle, "%s: %p is no stream, or it was destroyed", function, handle);
}

int SubmitTo(void* handle, const char* name, std::function<int()> run)
{
    std::shared_ptr<Stream> stream = FindStream(handle);
    if (!stream) return NoStream(name, handle);
    stream->Submit({name, false, std::move(run)});
    return kOk;
}

int SubmitWaiting(void* handle, const char* name, std::function<int(Stream&)> run)
{
    std::shared_ptr<Stream> stream = FindStream(handle);
    if (!stream) return NoStream(name, handle);
    Stream* itself = stream.get();  // the worker that runs the task keeps it alive
    stream->Submit({name, true, [itself, run = std::move(run)] { return run(*itself); }});
    return kOk;
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclrtCreateStream(void** stream)
{
    return Enter(__func__, {}, [&] {
        Device* device = CurrentDevice();
        if (!device) return NoContext("aclrtCreateStream");
        *stream = Streams().Add(std::make_shared<Stream>(device->physical));
        return kOk;
    });
}

CANN_API int aclrtCreateStreamWithConfig(void** stream, uint32_t, uint32_t) { return aclrtCreateStream(stream); }

CANN_API int aclrtDestroyStream(void* stream)
{
    return Enter(__func__, {{"stream", stream}}, [&] {
        std::shared_ptr<Stream> found = Streams().Remove(stream);
        if (!found) return NoStream("aclrtDestroyStream", stream);
        found->Close(false);
        return kOk;
    });
}

CANN_API int aclrtDestroyStreamForce(void* stream)
{
    return Enter(__func__, {{"stream", stream}}, [&] {
        std::shared_ptr<Stream> found = Streams().Remove(stream);
        if (!found) return NoStream("aclrtDestroyStreamForce", stream);
        found->Close(true);
        return kOk;
    });
}

CANN_API int rtStreamCreateWithFlags(void** stream, int32_t, uint32_t) { return aclrtCreateStream(stream); }

CANN_API int rtStreamDestroy(void* stream) { return aclrtDestroyStream(stream); }

CANN_API int aclrtStreamGetId(void* stream, int32_t* id)
{
    std::shared_ptr<Stream> found = FindStream(stream);
    if (!found) return NoStream("aclrtStreamGetId", stream);
    *id = found->id();
    return kOk;
}

CANN_API int rtGetStreamId(void* stream, int32_t* id) { return aclrtStreamGetId(stream, id); }

CANN_API int aclrtSynchronizeStreamWithTimeout(void* stream, int32_t timeout)
{
    return SynchronizeStream(__func__, stream, Milliseconds(timeout));
}

CANN_API int aclrtSynchronizeStream(void* stream) { return SynchronizeStream(__func__, stream, std::nullopt); }

CANN_API int aclrtStreamQuery(void* stream, int* status)
{
    std::shared_ptr<Stream> found = FindStream(stream);
    if (!found) return NoStream("aclrtStreamQuery", stream);
    *status = found->Idle() ? 0 : 1;
    return kOk;
}

CANN_API int aclrtSynchronizeDeviceWithTimeout(int32_t timeout)
{
    return SynchronizeDevice(__func__, Milliseconds(timeout));
}

CANN_API int aclrtSynchronizeDevice() { return SynchronizeDevice(__func__, std::nullopt); }

// Entry of the emulator itself: a kernel that runs on the host calls it before it touches bytes. It
// is a task of its NPU, and needs one that works.
CANN_API int yr_fake_cann_wait_stream(void* stream)
{
    std::shared_ptr<Stream> found = FindStream(stream);
    if (!found) return NoStream("yr_fake_cann_wait_stream", stream);
    WaitWhileItHangs(found->device());
    if (int status = FailureOf(found->device())) return Fail(status, "NPU %d has failed and is not healed yet", found->device());
    return found->Synchronize(std::nullopt);
}
