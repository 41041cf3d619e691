// Streams: queues of tasks that run in order.
//
//   Submit ──► [ task | task | task ] ──► worker thread ──► status, text of the first failure
//
// In inline mode a task that cannot wait for anybody runs on the submitting thread when the stream
// is idle. In asynchronous mode every task runs later, when it is YR_FAKE_CANN_DELAY_US old.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "../trace.h"

namespace fake_cann {

struct Task {
    const char* name;
    bool waits;  // for a peer, an event or a callback: never on the submitting thread
    std::function<int()> run;
};

class Stream : public std::enable_shared_from_this<Stream> {
public:
    explicit Stream(int physicalDevice);

    void Submit(Task task);
    // Waits for what was submitted so far; returns the first failure since the last call, once.
    int Synchronize(std::optional<std::chrono::milliseconds> timeout);
    bool Idle();
    // The failure that nobody has been told of yet: events behind it do not complete.
    int Failure();
    // Discards what is queued (force) or lets it finish, and ends the worker.
    void Close(bool force);
    bool Aborted();

    int id() const { return id_; }
    int device() const { return device_; }
    std::atomic<uint64_t> subscriber{0};  // thread that runs the callbacks of aclrtLaunchCallback

private:
    struct Queued {
        Task task;
        Clock::time_point ready;
    };
    void Work();
    void Run(std::unique_lock<std::mutex>& lock, const Task& task);

    const int id_, device_;
    std::mutex mutex_;
    std::condition_variable queuedOrClosed_, finished_;
    std::deque<Queued> queue_;
    uint64_t submitted_ = 0, done_ = 0;
    bool busy_ = false, closed_ = false, aborted_ = false, started_ = false;
    int failure_ = 0;
    std::string reason_;
    const char* situation_ = "";
};

// nullptr is the default stream of the thread's device; an unknown handle gives no stream.
std::shared_ptr<Stream> FindStream(void* handle);
int NoStream(const char* function, void* handle);
int SubmitTo(void* handle, const char* name, std::function<int()> run);
// For a task that may wait for somebody else; it gets its stream, to see when it is aborted.
int SubmitWaiting(void* handle, const char* name, std::function<int(Stream&)> run);

}  // namespace fake_cann
