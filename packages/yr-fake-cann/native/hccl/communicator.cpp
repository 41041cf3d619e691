#include "communicator.h"

#include <sys/socket.h>

#include <cstring>

#include "../call.h"
#include "../handles.h"

namespace fake_cann {
namespace {

HandleTable<Communicator>& Communicators()
{
    static HandleTable<Communicator>& communicators = *new HandleTable<Communicator>(0xCC);
    return communicators;
}

int Initialise(const char* function, uint32_t size, const void* rootInfo, uint32_t rank, void** communicator)
{
    return Enter(function, {{"size", size}, {"rank", rank}}, [&] {
        std::shared_ptr<Communicator> made;
        int status = MeetRanks(size, rootInfo, rank, made);
        if (!status) *communicator = Communicators().Add(made);
        return status;
    });
}

}  // namespace

bool Lane::Take(std::chrono::milliseconds patience)
{
    std::unique_lock<std::mutex> lock(mutex_);
    if (!returned_.wait_for(lock, patience, [this] { return !inUse_; })) return false;
    inUse_ = true;
    return true;
}

void Lane::Return()
{
    std::lock_guard<std::mutex> lock(mutex_);
    inUse_ = false;
    returned_.notify_all();
}

// Tasks may still use the sockets, so they are closed with the last of them.
void Communicator::Close()
{
    closed_ = true;
    ShutDown();
}

void Communicator::Break()
{
    broken_ = true;
    ShutDown();
}

void Communicator::ShutDown()
{
    for (Link& link : links_) {
        if (link.outgoing.socket) shutdown(link.outgoing.socket.get(), SHUT_RDWR);
        if (link.incoming.socket) shutdown(link.incoming.socket.get(), SHUT_RDWR);
    }
}

std::shared_ptr<Communicator> FindCommunicator(void* handle) { return Communicators().Find(handle); }

int NoCommunicator(const char* function, void* handle)
{
    return Fail(handle ? kHcclParameter : kHcclPointer, "%s: %p is no communicator, or it was destroyed", function, handle);
}

}  // namespace fake_cann

using namespace fake_cann;

CANN_API int HcclGetRootInfo(void* rootInfo)
{
    return Enter(__func__, {}, [&] { return MakeRootInfo(rootInfo); });
}

CANN_API int HcclCommInitRootInfo(uint32_t size, const void* rootInfo, uint32_t rank, void** communicator)
{
    return Initialise(__func__, size, rootInfo, rank, communicator);
}

CANN_API int HcclCommInitRootInfoConfig(uint32_t size, const void* rootInfo, uint32_t rank, const void*, void** communicator)
{
    return Initialise(__func__, size, rootInfo, rank, communicator);
}

CANN_API int HcclCommDestroy(void* communicator)
{
    return Enter(__func__, {{"communicator", communicator}}, [&] {
        std::shared_ptr<Communicator> found = Communicators().Remove(communicator);
        if (!found) return NoCommunicator("HcclCommDestroy", communicator);
        found->Close();
        return kOk;
    });
}

CANN_API int HcclGetCommAsyncError(void* communicator, int* error)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclGetCommAsyncError", communicator);
    *error = Calibrated(__func__, "", found->error());
    return kOk;
}

// The caller's buffer holds 128 bytes.
CANN_API int HcclGetCommName(void* communicator, char* name)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclGetCommName", communicator);
    strcpy(name, found->name().c_str());
    return kOk;
}

CANN_API int HcclGetRankSize(void* communicator, uint32_t* size)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclGetRankSize", communicator);
    *size = found->size();
    return kOk;
}

CANN_API int HcclGetRankId(void* communicator, uint32_t* rank)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("HcclGetRankId", communicator);
    *rank = found->rank();
    return kOk;
}

CANN_API const char* HcclGetErrorString(int status)
{
    switch (status) {
        case kOk: return "no error";
        case kHcclParameter: return "parameter error";
        case kHcclPointer: return "empty pointer";
        case kHcclInternal: return "internal error";
        case kHcclNotSupported: return "feature not supported";
        case kHcclUnavailable: return "resource unavailable";
        case kHcclTimeout: return "timeout";
        case kHcclRemote: return "remote error";
        default: return "unknown error";
    }
}

CANN_API uint32_t HcclGetCommConfigCapability() { return 0; }

CANN_API int HcclSetConfig(int, int) { return kOk; }

// The network of HCCL's platform library, which the datasystem's point-to-point code switches on.
// They are C++ functions there, hence the names.
CANN_API int _Z11HcclNetInit13NICDeploymentiibb(int, int, int, bool, bool) { return kOk; }

CANN_API int _Z13HcclNetDeInit13NICDeploymentiib(int, int, int, bool) { return kOk; }

// For a connection between two processes that do nothing together, as that of a transfer engine.
CANN_API int yr_fake_cann_end_when_lost(void* communicator)
{
    std::shared_ptr<Communicator> found = FindCommunicator(communicator);
    if (!found) return NoCommunicator("yr_fake_cann_end_when_lost", communicator);
    found->EndWhenLost();
    return kOk;
}
