// What the transfer engine of the released datasystem connects NPUs with, in the place of its
// libp2p_transfer.so, which needs RDMA: the engine opens the library that
// TRANSFER_ENGINE_P2P_SO_PATH names (openyuanrong-datasystem 0.8.1).
//
//   owner, kind 1 ── HcclSend to rank 0 ──► reader, kind 0 ── HcclRecv from rank 1
//
// A connection is a communicator of two ranks, and a kind is a rank. Codes are HCCL's. An owner does
// not wait for a reader that is gone: its process could not end.
#include <cstdint>

#define P2P_API extern "C" __attribute__((visibility("default")))

extern "C" {
int HcclGetRootInfo(void* rootInfo);
int HcclCommInitRootInfo(uint32_t size, const void* rootInfo, uint32_t rank, void** communicator);
int HcclCommDestroy(void* communicator);
int HcclGetCommAsyncError(void* communicator, int* error);
int HcclSend(void* buffer, uint64_t count, int type, uint32_t peer, void* communicator, void* stream);
int yr_fake_cann_end_when_lost(void* communicator);
int HcclRecv(void* buffer, uint64_t count, int type, uint32_t peer, void* communicator, void* stream);
}

namespace {

constexpr uint32_t kReader = 0, kOwner = 1, kRanks = 2;

}  // namespace

P2P_API int P2PGetRootInfo(void* rootInfo) { return HcclGetRootInfo(rootInfo); }

P2P_API int P2PCommInitRootInfo(const void* rootInfo, int kind, int, void** connection)
{
    int status = HcclCommInitRootInfo(kRanks, rootInfo, static_cast<uint32_t>(kind), connection);
    return status ? status : yr_fake_cann_end_when_lost(*connection);
}

P2P_API int P2PCommDestroy(void* connection) { return HcclCommDestroy(connection); }

P2P_API int P2PGetCommAsyncError(void* connection, int* error) { return HcclGetCommAsyncError(connection, error); }

P2P_API int P2PSend(void* buffer, uint64_t count, int type, void* connection, void* stream)
{
    return HcclSend(buffer, count, type, kReader, connection, stream);
}

P2P_API int P2PRecv(void* buffer, uint64_t count, int type, void* connection, void* stream)
{
    return HcclRecv(buffer, count, type, kOwner, connection, stream);
}
