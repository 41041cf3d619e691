#include "exchange.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <map>

#include "../call.h"
#include "../runtime/streams.h"
#include "../settings.h"

namespace fake_cann {
namespace {

constexpr uint8_t kAccepted = 1, kRefused = 2;
constexpr int kTickMilliseconds = 50;

struct Header {
    uint32_t code;
    uint32_t reserved;
    uint64_t count;
};

enum class Step { kBlocked, kMoved, kLost, kMismatch };

Step AfterSystemCall(ssize_t moved)
{
    if (moved > 0) return Step::kMoved;
    return moved < 0 && (errno == EAGAIN || errno == EINTR) ? Step::kBlocked : Step::kLost;
}

// One direction of one link: a queue of transfers, the first of which is under way.
class Wire {
public:
    Wire(const Operation& operation, int descriptor, bool sending) : operation_(operation), descriptor_(descriptor), sending_(sending) {}

    void Add(const Transfer& transfer) { queue_.push_back(transfer); }
    bool Done() const { return queue_.empty(); }
    bool lost() const { return lost_; }
    void Lose() { lost_ = true; }
    int descriptor() const { return descriptor_; }
    short Events() const
    {
        bool whole = at_ >= Length();
        if (sending_) return whole ? POLLIN : POLLIN | POLLOUT;  // a refusal may come before the end
        return whole ? POLLOUT : POLLIN;
    }

    // Moves bytes until the socket would block or all transfers are done.
    Step Advance()
    {
        Step step = Step::kMoved;
        while (step == Step::kMoved && !Done()) step = at_ >= Length() ? Acknowledge() : sending_ ? Send() : Receive();
        return step;
    }

private:
    uint64_t Length() const { return sizeof(Header) + queue_.front().count; }

    // The unsent or unread rest of the header, or of the payload behind it.
    std::pair<char*, size_t> Rest()
    {
        if (at_ < sizeof(Header)) return {reinterpret_cast<char*>(&header_) + at_, sizeof(Header) - at_};
        size_t offset = at_ - sizeof(Header);
        return {queue_.front().bytes + offset, queue_.front().count - offset};
    }

    Step Send()
    {
        if (!at_) header_ = {operation_.code, 0, queue_.front().count};
        auto [bytes, count] = Rest();
        ssize_t sent = send(descriptor_, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) at_ += static_cast<size_t>(sent);
        Step step = AfterSystemCall(sent);
        return step == Step::kBlocked ? Acknowledge() : step;
    }

    Step Receive()
    {
        auto [bytes, count] = Rest();
        ssize_t got = recv(descriptor_, bytes, count, MSG_DONTWAIT);
        if (got > 0) at_ += static_cast<size_t>(got);
        if (at_ == sizeof(Header) && got > 0 && !Fits()) return Refuse();
        return AfterSystemCall(got);
    }

    bool Fits() const { return header_.code == operation_.code && header_.count == queue_.front().count; }

    Step Refuse()
    {
        uint8_t answer = kRefused;
        send(descriptor_, &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        Fail(kInternal, "%s of %llu bytes meets an operation with code %u and %llu bytes of rank %u: ranks disagree",
             operation_.name, static_cast<unsigned long long>(queue_.front().count), header_.code,
             static_cast<unsigned long long>(header_.count), queue_.front().peer);
        return Step::kMismatch;
    }

    Step Acknowledge()
    {
        uint8_t answer = kAccepted;
        ssize_t moved = sending_ ? recv(descriptor_, &answer, 1, MSG_DONTWAIT) : send(descriptor_, &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (moved > 0 && answer != kAccepted) {
            Fail(kInternal, "%s: rank %u is in another operation or expects another size", operation_.name, queue_.front().peer);
            return Step::kMismatch;
        }
        if (moved > 0) queue_.pop_front(), at_ = 0;
        return AfterSystemCall(moved);
    }

    const Operation& operation_;
    const int descriptor_;
    const bool sending_;
    bool lost_ = false;
    Header header_{};
    uint64_t at_ = 0;  // bytes of header and payload that have moved
    std::deque<Transfer> queue_;
};

class Session {
public:
    Session(const Operation& operation, Communicator& communicator, Stream& stream)
        : operation_(operation), communicator_(communicator), stream_(stream)
    {
        auto limit = TheSettings().execTimeout;
        deadline_ = limit.count() ? Clock::now() + limit : Clock::time_point::max();
    }

    ~Session()
    {
        for (Lane* lane : taken_) lane->Return();
    }

    int Run(const std::vector<Transfer>& outgoing, const std::vector<Transfer>& incoming)
    {
        CopyToSelf(outgoing, incoming);
        for (bool sending : {true, false})
            if (int status = Open(sending, sending ? outgoing : incoming)) return status;
        while (!Done()) {
            if (int status = Stopped()) return status;
            if (int status = Turn()) return status;
        }
        return kOk;
    }

private:
    void CopyToSelf(const std::vector<Transfer>& outgoing, const std::vector<Transfer>& incoming)
    {
        auto from = outgoing.begin();
        for (const Transfer& to : incoming) {
            if (to.peer != communicator_.rank()) continue;
            while (from != outgoing.end() && from->peer != communicator_.rank()) ++from;
            if (from == outgoing.end()) return;
            memmove(to.bytes, from->bytes, std::min(to.count, from->count));
            ++from;
        }
    }

    // Takes the directions in the order of peers, as every task does, so that tasks of several
    // streams cannot block each other crosswise.
    int Open(bool sending, const std::vector<Transfer>& transfers)
    {
        std::map<uint32_t, std::vector<Transfer>> byPeer;
        for (const Transfer& transfer : transfers)
            if (transfer.peer != communicator_.rank()) byPeer[transfer.peer].push_back(transfer);
        for (auto& [peer, queue] : byPeer) {
            Link& link = communicator_.link(peer);
            Lane& lane = sending ? link.outgoing : link.incoming;
            while (!lane.Take(std::chrono::milliseconds(kTickMilliseconds)))
                if (int status = Stopped()) return status;
            taken_.push_back(&lane);
            wires_.emplace_back(operation_, lane.socket.get(), sending);
            for (const Transfer& transfer : queue) wires_.back().Add(transfer);
        }
        return kOk;
    }

    bool Done() const
    {
        for (const Wire& wire : wires_)
            if (!wire.Done()) return false;
        return true;
    }

    int Stopped()
    {
        if (communicator_.closed() || stream_.Aborted())
            return Fail(kStreamAborted, "%s was given up: its communicator or stream was destroyed", operation_.name);
        if (communicator_.endsWhenLost() && communicator_.error() == kHcclRemote)
            return Fail(kRemoteLost, "%s: the other process is gone", operation_.name);
        if (Clock::now() < deadline_) return kOk;
        if (!communicator_.error()) communicator_.ReportError(kHcclTimeout);
        return Fail(communicator_.error() == kHcclRemote ? kRemoteLost : kTaskTimeout,
                    "%s was not done in HCCL_EXEC_TIMEOUT%s", operation_.name,
                    communicator_.error() == kHcclRemote ? ": a rank is gone" : "");
    }

    int Turn()
    {
        std::vector<pollfd> polled;
        std::vector<Wire*> pending;
        for (Wire& wire : wires_) {
            if (wire.Done() || wire.lost()) continue;
            polled.push_back({wire.descriptor(), wire.Events(), 0});
            pending.push_back(&wire);
        }
        if (poll(polled.data(), polled.size(), kTickMilliseconds) <= 0) return kOk;
        for (size_t i = 0; i < polled.size(); i++)
            if (polled[i].revents)
                if (int status = After(*pending[i], pending[i]->Advance())) return status;
        return kOk;
    }

    int After(Wire& wire, Step step)
    {
        if (step == Step::kLost) {
            wire.Lose();
            communicator_.ReportError(kHcclRemote);
        }
        if (step != Step::kMismatch) return kOk;
        communicator_.ReportError(kHcclParameter);
        return kInternal;
    }

    const Operation& operation_;
    Communicator& communicator_;
    Stream& stream_;
    Clock::time_point deadline_;
    std::vector<Lane*> taken_;
    std::deque<Wire> wires_;
};

}  // namespace

int Exchange(const Operation& operation, Communicator& communicator, Stream& stream,
             const std::vector<Transfer>& outgoing, const std::vector<Transfer>& incoming)
{
    if (communicator.broken())
        return Fail(communicator.error() == kHcclRemote ? kRemoteLost : kInternal,
                    "%s: an earlier operation of this communicator did not end; destroy it and make another", operation.name);
    int status = Session(operation, communicator, stream).Run(outgoing, incoming);
    if (status) communicator.Break();
    return status;
}

}  // namespace fake_cann
