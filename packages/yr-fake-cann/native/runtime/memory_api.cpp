// Entry points that allocate, free, describe and share memory.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>

#include "../call.h"
#include "../settings.h"
#include "devices.h"
#include "memory.h"

using namespace fake_cann;

namespace {

int Allocate(const char* function, void** address, size_t bytes)
{
    return Enter(function, {{"bytes", bytes}}, [&] {
        if (!address) return FailIn("null-pointer", kInvalidParameter, "%s: null pointer for the address", function);
        if (!bytes) return FailIn("zero-size", kInvalidParameter, "%s: zero bytes asked", function);
        Device* device = CurrentDevice();
        if (!device) return NoContext(function);
        return AllocateDeviceMemory(*device, bytes, TheSettings().alignment, address);
    });
}

struct PinnedMemory {
    std::mutex mutex;
    std::map<void*, size_t> blocks;
};

PinnedMemory& Pinned()
{
    static PinnedMemory& pinned = *new PinnedMemory;
    return pinned;
}

// Reserved lazily: the datasystem asks for a pinned pool of 2.5 GB and touches little of it.
int AllocatePinned(const char* function, void** address, size_t bytes)
{
    return Enter(function, {{"bytes", bytes}}, [&] {
        if (!address || !bytes) return Fail(kInvalidParameter, "%s: null pointer or zero size", function);
        void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (block == MAP_FAILED) return Fail(kOutOfMemory, "%s: %s", function, strerror(errno));
        std::lock_guard<std::mutex> lock(Pinned().mutex);
        Pinned().blocks[block] = bytes;
        *address = block;
        return kOk;
    });
}

struct PointerAttributes {
    uint32_t device;
    int type;  // 0 host, 1 device, 2 unregistered
    uint32_t pageSize;
    uint32_t reserved[4];
};

bool IsPinned(const void* address)
{
    PinnedMemory& pinned = Pinned();
    std::lock_guard<std::mutex> lock(pinned.mutex);
    auto after = pinned.blocks.upper_bound(const_cast<void*>(address));
    if (after == pinned.blocks.begin()) return false;
    --after;
    return address < static_cast<char*>(after->first) + after->second;
}

int Export(const char* function, const void* address, char* name, size_t size)
{
    return Enter(function, {{"address", address}}, [&] {
        if (ExportMemory(address, name, size)) return kOk;
        return Fail(kInvalidParameter, "%s: %s", function, Describe(address, Locate(address, 1)).c_str());
    });
}

int Import(const char* function, void** address, const char* name)
{
    return Enter(function, {}, [&] {
        *address = ImportMemory(name);
        if (*address) return kOk;
        return FailIn(IsExportName(name) ? "exporter-gone" : "no-key", kInvalidParameter, "%s: \"%.64s\" is no exported memory, or its process is gone or another user's", function, name);
    });
}

}  // namespace

CANN_API int aclrtMalloc(void** address, size_t bytes, int) { return Allocate(__func__, address, bytes); }

CANN_API int aclrtMallocAlign32(void** address, size_t bytes, int) { return Allocate(__func__, address, bytes); }

CANN_API int aclrtMallocWithCfg(void** address, size_t bytes, int, void*)
{
    return Allocate(__func__, address, bytes);
}

CANN_API int aclrtFree(void* address)
{
    return Enter(__func__, {{"address", address}}, [&] { return FreeDeviceMemory(address); });
}

CANN_API int aclrtMallocHost(void** address, size_t bytes) { return AllocatePinned(__func__, address, bytes); }

CANN_API int aclrtMallocHostWithCfg(void** address, uint64_t bytes, void*) { return AllocatePinned(__func__, address, bytes); }

CANN_API int aclrtFreeHost(void* address)
{
    return Enter(__func__, {{"address", address}}, [&] {
        std::lock_guard<std::mutex> lock(Pinned().mutex);
        auto found = Pinned().blocks.find(address);
        if (found == Pinned().blocks.end()) return Fail(kInvalidParameter, "aclrtFreeHost: %p is no pinned memory", address);
        munmap(address, found->second);
        Pinned().blocks.erase(found);
        return kOk;
    });
}

CANN_API int aclrtHostRegister(void* host, uint64_t, int, void** device)
{
    *device = host;
    return kOk;
}

CANN_API int aclrtHostUnregister(void*) { return kOk; }

CANN_API int aclrtGetMemInfo(int, size_t* free, size_t* total)
{
    return Answer(__func__, [&] {
        Device* device = CurrentDevice();
        if (!device) return NoContext("aclrtGetMemInfo");
        *total = TheSettings().memoryBytes;
        *free = *total - UsedDeviceMemory(*device);
        return kOk;
    });
}

CANN_API int aclrtPointerGetAttributes(const void* address, PointerAttributes* attributes)
{
    Location location = Locate(address, 1);
    *attributes = {};
    attributes->type = location.place == Place::kDevice ? 1 : IsPinned(address) ? 0 : 2;
    if (location.device >= 0) attributes->device = static_cast<uint32_t>(location.device);
    return kOk;
}

CANN_API int aclrtIpcMemGetExportKey(void* address, size_t, char* key, size_t size, uint64_t)
{
    return Export(__func__, address, key, size);
}

CANN_API int aclrtIpcMemImportByKey(void** address, const char* key, uint64_t)
{
    return Import(__func__, address, key);
}

// Access is the operating system's: whoever may open the exporter's files may map its memory.
CANN_API int aclrtIpcMemSetImportPid(const char*, int32_t*, size_t) { return kOk; }

// The exporter closes a key when it frees the block; a mapping of a peer stays valid until it exits.
CANN_API int aclrtIpcMemClose(const char*) { return kOk; }

CANN_API int rtIpcSetMemoryName(const void* address, uint64_t, char* name, uint32_t size)
{
    return Export(__func__, address, name, size);
}

CANN_API int rtIpcOpenMemory(void** address, const char* name) { return Import(__func__, address, name); }

CANN_API int rtIpcCloseMemory(const void* address)
{
    return Enter(__func__, {{"address", address}}, [&] {
        return ReleaseImport(address) ? kOk : Fail(kInvalidParameter, "rtIpcCloseMemory: %p is no imported memory", address);
    });
}

CANN_API int rtSetIpcMemPid(const char*, int32_t*, int) { return kOk; }
