// Two ranks in one process sum a number: devices, memory, copies, streams and HCCL in one short
// program, for machines whose programs run under emulation and without Python.
#include <cstdint>
#include <cstdio>
#include <thread>

extern "C" {
int aclrtSetDevice(int32_t device);
int aclrtMalloc(void** memory, size_t size, int policy);
int aclrtFree(void* memory);
int aclrtMemcpyAsync(void* to, size_t room, const void* from, size_t size, int kind, void* stream);
int aclrtCreateStream(void** stream);
int aclrtSynchronizeStream(void* stream);
int HcclGetRootInfo(void* root);
int HcclCommInitRootInfo(uint32_t ranks, const void* root, uint32_t rank, void** communicator);
int HcclAllReduce(void* from, void* to, uint64_t count, int type, int operation, void* communicator, void* stream);
int HcclCommDestroy(void* communicator);
const char* aclGetRecentErrMsg();
}

namespace {

constexpr int kInt32 = 2, kSum = 0, kToDevice = 1, kToHost = 2;
char g_root[4108];

void Check(int status)
{
    if (status) std::printf("status %d: %s\n", status, aclGetRecentErrMsg());
}

void Rank(int32_t rank, int32_t* sum)
{
    void *communicator, *stream, *memory;
    int32_t number = rank + 1;
    Check(aclrtSetDevice(rank));
    Check(HcclCommInitRootInfo(2, g_root, static_cast<uint32_t>(rank), &communicator));
    Check(aclrtCreateStream(&stream));
    Check(aclrtMalloc(&memory, sizeof number, 0));
    Check(aclrtMemcpyAsync(memory, sizeof number, &number, sizeof number, kToDevice, stream));
    Check(HcclAllReduce(memory, memory, 1, kInt32, kSum, communicator, stream));
    Check(aclrtMemcpyAsync(sum, sizeof *sum, memory, sizeof *sum, kToHost, stream));
    Check(aclrtSynchronizeStream(stream));
    Check(HcclCommDestroy(communicator));
    Check(aclrtFree(memory));
}

}  // namespace

int main()
{
    int32_t sums[2] = {0, 0};
    Check(aclrtSetDevice(0));
    Check(HcclGetRootInfo(g_root));
    std::thread first(Rank, 0, &sums[0]), second(Rank, 1, &sums[1]);
    first.join();
    second.join();
    std::printf("sums %d %d\n", sums[0], sums[1]);
    return sums[0] == 3 && sums[1] == 3 ? 0 : 1;
}
