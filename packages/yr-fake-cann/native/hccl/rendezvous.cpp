// How ranks find each other: the process that made the root info collects everybody's address and
// hands out the table; then every ordered pair connects.
//
//   rank k ── {rank, address, NPU} ──► root ── table ──► every rank ── connect ──► every other rank
#include <unistd.h>

#include <arpa/inet.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "../call.h"
#include "../runtime/devices.h"
#include "../settings.h"
#include "communicator.h"

namespace fake_cann {
namespace {

constexpr char kMagic[8] = {'Y', 'R', 'F', 'C', 'R', 'O', 'O', 'T'};

struct RootInfo {
    char magic[8];
    uint64_t id;
    Endpoint endpoint;
};
static_assert(sizeof(RootInfo) <= kRootInfoBytes);

struct Member {
    char magic[8];
    uint32_t rank;
    int32_t npu;  // physical
    Endpoint endpoint;
};

struct MeetingPoints {
    std::mutex mutex;
    std::condition_variable taken;
    std::map<uint64_t, Socket> listeners;  // by root id, until a rank of this process serves there
};

MeetingPoints& ThePoints()
{
    static MeetingPoints& points = *new MeetingPoints;
    return points;
}

Socket TakeListener(uint64_t id)
{
    MeetingPoints& points = ThePoints();
    std::lock_guard<std::mutex> lock(points.mutex);
    auto found = points.listeners.find(id);
    if (found == points.listeners.end()) return Socket();
    Socket listener = std::move(found->second);
    points.listeners.erase(found);
    points.taken.notify_all();
    return listener;
}

// Whoever asked for the root may give it up: openyuanrong-datasystem 0.8.1 does when two processes make
// communicators with each other at once, both ways, and asks for another one.
void CloseUnlessTaken(uint64_t id, Clock::time_point deadline)
{
    MeetingPoints& points = ThePoints();
    std::unique_lock<std::mutex> lock(points.mutex);
    points.taken.wait_until(lock, deadline, [&] { return !points.listeners.count(id); });
    points.listeners.erase(id);
}

bool IsMember(const Member& member, uint32_t ranks)
{
    return !memcmp(member.magic, kMagic, sizeof kMagic) && member.rank < ranks;
}

// Whoever connects and is no rank of the group is ignored.
bool Serve(const Socket& listener, std::vector<Member>& table, const Member& self, Clock::time_point deadline)
{
    std::vector<Socket> ranks(table.size());
    table[self.rank] = self;
    for (size_t missing = table.size() - 1; missing;) {
        Socket socket = Accept(listener, deadline);
        if (!socket) return false;
        Member member{};
        if (!ReadAll(socket, &member, sizeof member, deadline) || !IsMember(member, static_cast<uint32_t>(table.size()))) continue;
        if (!ranks[member.rank]) missing--;
        table[member.rank] = member;
        ranks[member.rank] = std::move(socket);
    }
    for (const Socket& socket : ranks)
        if (socket && !WriteAll(socket, table.data(), table.size() * sizeof(Member), deadline)) return false;
    return true;
}

bool Attend(const RootInfo& root, std::vector<Member>& table, const Member& self, Clock::time_point deadline)
{
    Socket socket = Connect(root.endpoint, deadline);
    return socket && WriteAll(socket, &self, sizeof self, deadline) &&
           ReadAll(socket, table.data(), table.size() * sizeof(Member), deadline);
}

// HCCL takes one rank on an NPU. Addresses stand for servers: another HCCL_IF_IP is another one.
int RefuseSharedNpus(const std::vector<Member>& table)
{
    if (TheSettings().sameDevice) return kOk;
    for (size_t i = 0; i < table.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (table[i].npu == table[j].npu && table[i].endpoint.address == table[j].endpoint.address)
                return FailIn("same-npu", kHcclParameter, "HCCL: ranks %zu and %zu are both on physical NPU %d, each rank needs its own", j, i, table[i].npu);
    return kOk;
}

bool ConnectAll(Communicator& made, const std::vector<Member>& table, const Socket& listener, Clock::time_point deadline)
{
    uint32_t self = made.rank();
    for (uint32_t peer = 0; peer < made.size(); peer++) {
        if (peer == self) continue;
        Socket& outgoing = made.link(peer).outgoing.socket;
        outgoing = Connect(table[peer].endpoint, deadline);
        if (!outgoing || !WriteAll(outgoing, &table[self], sizeof(Member), deadline)) return false;
    }
    for (uint32_t missing = made.size() - 1; missing;) {
        Socket socket = Accept(listener, deadline);
        if (!socket) return false;
        Member member{};
        if (!ReadAll(socket, &member, sizeof member, deadline) || !IsMember(member, made.size())) continue;
        Socket& incoming = made.link(member.rank).incoming.socket;
        if (!incoming) missing--;
        incoming = std::move(socket);
    }
    return true;
}

std::string Name(const RootInfo& root)
{
    char name[64];
    snprintf(name, sizeof name, "yr_fake_hccl_%016llx", static_cast<unsigned long long>(root.id));
    return name;
}

int ReadRoot(const void* rootInfo, uint32_t size, uint32_t rank, RootInfo& root)
{
    if (!rootInfo) return Fail(kHcclPointer, "HCCL: no root info");
    memcpy(&root, rootInfo, sizeof root);
    if (memcmp(root.magic, kMagic, sizeof kMagic))
        return FailIn("foreign-root", kHcclParameter, "HCCL: root info that HcclGetRootInfo did not make");
    if (!size) return FailIn("no-ranks", kHcclParameter, "HCCL: a group of no ranks");
    if (rank >= size) return FailIn("rank-out-of-range", kHcclParameter, "HCCL: rank %u of %u", rank, size);
    return CurrentDevice() ? kOk : FailIn("no-device", kHcclParameter, "HCCL: this thread has set no device");
}

}  // namespace

int MakeRootInfo(void* rootInfo)
{
    if (!rootInfo) return Fail(kHcclPointer, "HcclGetRootInfo: null pointer");
    if (!CurrentDevice()) return FailIn("no-device", kHcclParameter, "HcclGetRootInfo: this thread has set no device");
    static std::atomic<uint32_t> made{0};
    RootInfo root{};
    memcpy(root.magic, kMagic, sizeof kMagic);
    root.id = static_cast<uint64_t>(getpid()) << 32 | ++made;
    Socket listener = Listen(root.endpoint);
    if (!listener) return Fail(kHcclUnavailable, "HcclGetRootInfo: no port to listen on (YR_FAKE_CANN_PORTS)");
    memset(rootInfo, 0, kRootInfoBytes);
    memcpy(rootInfo, &root, sizeof root);
    {
        std::lock_guard<std::mutex> lock(ThePoints().mutex);
        ThePoints().listeners[root.id] = std::move(listener);
    }
    std::thread(CloseUnlessTaken, root.id, Clock::now() + TheSettings().connectTimeout).detach();
    return kOk;
}

int MeetRanks(uint32_t size, const void* rootInfo, uint32_t rank, std::shared_ptr<Communicator>& made)
{
    RootInfo root{};
    if (int status = ReadRoot(rootInfo, size, rank, root)) return status;
    Clock::time_point deadline = Clock::now() + TheSettings().connectTimeout;
    Member self{{}, rank, CurrentDevice()->physical, {}};
    memcpy(self.magic, kMagic, sizeof kMagic);
    Socket listener = Listen(self.endpoint);
    if (!listener) return Fail(kHcclUnavailable, "HCCL: no port to listen on (YR_FAKE_CANN_PORTS)");
    std::vector<Member> table(size);
    Socket meeting = TakeListener(root.id);
    bool met = meeting ? Serve(meeting, table, self, deadline) : Attend(root, table, self, deadline);
    if (!met) return Fail(kHcclTimeout, "HCCL: rank %u did not meet all %u ranks in HCCL_CONNECT_TIMEOUT", rank, size);
    if (int status = RefuseSharedNpus(table)) return status;
    auto communicator = std::make_shared<Communicator>(rank, size, Name(root));
    if (!ConnectAll(*communicator, table, listener, deadline))
        return Fail(kHcclTimeout, "HCCL: rank %u could not connect to all %u ranks", rank, size);
    made = std::move(communicator);
    return kOk;
}

}  // namespace fake_cann
