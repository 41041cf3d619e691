// A communicator: this process's rank in a group, and two connections to every other rank.
//
//   rank 0 ──data──► rank 1      one connection per ordered pair; the receiver's
//   rank 0 ◄──data── rank 1      acknowledgements come back on the same connection
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sockets.h"

namespace fake_cann {

// One way of a link: one task at a time uses it, whatever stream it runs on.
class Lane {
public:
    Socket socket;

    bool Take(std::chrono::milliseconds patience);  // false: still in use
    void Return();

private:
    std::mutex mutex_;
    std::condition_variable returned_;
    bool inUse_ = false;
};

struct Link {
    Lane outgoing, incoming;
};

class Communicator {
public:
    Communicator(uint32_t rank, uint32_t size, std::string name) : rank_(rank), name_(std::move(name)), links_(size) {}

    uint32_t rank() const { return rank_; }
    uint32_t size() const { return static_cast<uint32_t>(links_.size()); }
    const std::string& name() const { return name_; }
    Link& link(uint32_t peer) { return links_[peer]; }

    void Close();
    bool closed() const { return closed_; }
    // Cuts the links after an operation that did not end: what it left on them is no other's.
    void Break();
    bool broken() const { return broken_; }
    // Operations fail as soon as the peer is gone, instead of when HCCL_EXEC_TIMEOUT is over.
    void EndWhenLost() { endsWhenLost_ = true; }
    bool endsWhenLost() const { return endsWhenLost_; }
    void ReportError(int status) { error_ = status; }
    int error() const { return error_; }

private:
    const uint32_t rank_;
    const std::string name_;
    std::vector<Link> links_;
    void ShutDown();

    std::atomic<bool> closed_{false}, broken_{false}, endsWhenLost_{false};
    std::atomic<int> error_{0};  // what HcclGetCommAsyncError tells
};

// nullptr: no such communicator, or it was destroyed.
std::shared_ptr<Communicator> FindCommunicator(void* handle);
int NoCommunicator(const char* function, void* handle);

constexpr size_t kRootInfoBytes = 4108;

// Opens the meeting point that `rootInfo` tells the other ranks.
int MakeRootInfo(void* rootInfo);
// Meets the other ranks; blocks until all are connected or HCCL_CONNECT_TIMEOUT is over.
int MeetRanks(uint32_t size, const void* rootInfo, uint32_t rank, std::shared_ptr<Communicator>& made);

}  // namespace fake_cann
