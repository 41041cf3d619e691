#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "../call.h"
#include "../settings.h"
#include "devices.h"
#include "pool.h"

namespace fake_cann {
namespace {

struct Import {
    size_t bytes;
    ptrdiff_t viewOffset;
    int references;
    std::string name;
};

struct Memory {
    std::mutex mutex;
    std::vector<Pool> pools;  // by logical device
    std::map<uintptr_t, Import> imports;
};

Memory* MakeMemory()
{
    auto memory = new Memory;
    for (int i = 0; i < DeviceCount(); i++) memory->pools.emplace_back(TheSettings().memoryBytes);
    return memory;
}

// Never destroyed: threads of the caller still come in while the process exits.
Memory& TheMemory()
{
    static Memory& memory = *MakeMemory();
    return memory;
}

Location InPool(int device, const Pool& pool, uintptr_t address, size_t bytes)
{
    Pool::Piece piece = pool.Find(address);
    Location location;
    if (!piece.bytes) return location;
    location = {Place::kDevice, nullptr, piece.base, piece.bytes, address - piece.base, device, false};
    if (!piece.live) location.place = Place::kFreed;
    else if (location.offset + bytes > piece.bytes) location.place = Place::kPastEnd;
    else location.view = reinterpret_cast<char*>(address + pool.viewOffset());
    return location;
}

Location InImports(const Memory& memory, uintptr_t address, size_t bytes)
{
    Location location;
    auto after = memory.imports.upper_bound(address);
    if (after == memory.imports.begin()) return location;
    const auto& [base, import] = *--after;
    if (address >= base + import.bytes) return location;
    location = {Place::kDevice, nullptr, base, import.bytes, address - base, -1, true};
    if (location.offset + bytes > import.bytes) location.place = Place::kPastEnd;
    else location.view = reinterpret_cast<char*>(address + import.viewOffset);
    return location;
}

struct ExportName {
    int process, descriptor;
    size_t begin, bytes, offset;
};

bool Parse(const char* name, ExportName& parsed)
{
    char rest = 0;
    return sscanf(name, "yrfc:%d:%d:%zx:%zx:%zx%c", &parsed.process, &parsed.descriptor, &parsed.begin,
                  &parsed.bytes, &parsed.offset, &rest) == 5;
}

size_t PageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// Of an allocation that begins within a page, the page.
void Unmap(uintptr_t address, size_t bytes)
{
    size_t ahead = address % PageBytes();
    munmap(reinterpret_cast<void*>(address - ahead), bytes + ahead);
}

uintptr_t MapPeer(const ExportName& name, ptrdiff_t& viewOffset)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", name.process, name.descriptor);
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return 0;
    size_t ahead = name.begin % PageBytes(), bytes = ahead + name.bytes;
    void* view = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, static_cast<off_t>(name.begin - ahead));
    close(descriptor);
    if (view == MAP_FAILED) return 0;
    void* device = view;
    if (TheSettings().strict) device = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (device == MAP_FAILED) return munmap(view, bytes), 0;
    viewOffset = static_cast<char*>(view) - static_cast<char*>(device);
    return reinterpret_cast<uintptr_t>(device) + ahead;
}

// What an address is that no allocation begins at.
const char* NotBegin(const Location& location)
{
    if (location.place == Place::kFreed) return "freed-twice";
    return location.place == Place::kHost ? "foreign-pointer" : "inside-allocation";
}

}  // namespace

int AllocateDeviceMemory(Device& device, size_t bytes, size_t granularity, void** address)
{
    Memory& memory = TheMemory();
    std::lock_guard<std::mutex> lock(memory.mutex);
    Pool& pool = memory.pools[static_cast<size_t>(device.logical)];
    uintptr_t found = pool.Allocate(bytes, granularity);
    if (!found)
        return Fail(kOutOfMemory, "npu:%d is out of memory: %zu bytes asked, %zu of %zu in use (YR_FAKE_CANN_MEMORY_MB)",
                    device.logical, bytes, pool.used(), TheSettings().memoryBytes);
    *address = reinterpret_cast<void*>(found);
    return kOk;
}

int FreeDeviceMemory(void* address)
{
    if (!address) return FailIn("null-pointer", kInvalidParameter, "aclrtFree: null pointer");
    Memory& memory = TheMemory();
    {
        std::lock_guard<std::mutex> lock(memory.mutex);
        for (Pool& pool : memory.pools)
            if (pool.Free(reinterpret_cast<uintptr_t>(address))) return kOk;
    }
    Location location = Locate(address, 1);
    return FailIn(NotBegin(location), kInvalidParameter, "aclrtFree: %s", Describe(address, location).c_str());
}

size_t UsedDeviceMemory(const Device& device)
{
    Memory& memory = TheMemory();
    std::lock_guard<std::mutex> lock(memory.mutex);
    return memory.pools[static_cast<size_t>(device.logical)].used();
}

Location Locate(const void* address, size_t bytes)
{
    Memory& memory = TheMemory();
    auto at = reinterpret_cast<uintptr_t>(address);
    std::lock_guard<std::mutex> lock(memory.mutex);
    for (size_t i = 0; i < memory.pools.size(); i++) {
        Location location = InPool(static_cast<int>(i), memory.pools[i], at, bytes);
        if (location.bytes) return location;
    }
    Location location = InImports(memory, at, bytes);
    if (!location.bytes) location.view = static_cast<char*>(const_cast<void*>(address));
    return location;
}

// Without allocating, as it also runs in a signal handler.
void DescribeInto(char* text, size_t size, const void* address, const Location& location)
{
    static const char* const kPlaces[] = {"host memory", "", "freed ", "past the end of "};
    if (location.place == Place::kHost) {
        snprintf(text, size, "%p is host memory", address);
        return;
    }
    char owner[32] = "imported memory";
    if (!location.imported) snprintf(owner, sizeof owner, "memory of npu:%d", location.device);
    snprintf(text, size, "%p is %s%s: byte %zu of the allocation of %zu bytes at 0x%" PRIxPTR, address,
             kPlaces[static_cast<int>(location.place)], owner, location.offset, location.bytes, location.base);
}

std::string Describe(const void* address, const Location& location)
{
    char text[256];
    DescribeInto(text, sizeof text, address, location);
    return text;
}

char* DeviceView(const char* function, const void* address, size_t bytes)
{
    Location location = Locate(address, bytes);
    if (location.place == Place::kDevice) return location.view;
    Fail(kInvalidMemory, "%s: %zu bytes of device memory expected, but %s", function, bytes,
         Describe(address, location).c_str());
    return nullptr;
}

bool ExportMemory(const void* address, char* name, size_t size)
{
    Memory& memory = TheMemory();
    auto at = reinterpret_cast<uintptr_t>(address);
    std::lock_guard<std::mutex> lock(memory.mutex);
    for (Pool& pool : memory.pools) {
        Pool::Piece piece = pool.Find(at);
        if (!piece.live) continue;
        memset(name, 0, size);
        size_t begin = piece.base - pool.base(), offset = at - piece.base;
        int length = snprintf(name, size, "yrfc:%d:%d:%zx:%zx:%zx", getpid(), pool.descriptor(), begin, piece.bytes, offset);
        return length > 0 && static_cast<size_t>(length) < size;
    }
    return false;
}

bool IsExportName(const char* name)
{
    ExportName parsed{};
    return Parse(name, parsed);
}

void* ImportMemory(const char* name)
{
    ExportName parsed{};
    if (!Parse(name, parsed)) return nullptr;
    Memory& memory = TheMemory();
    std::lock_guard<std::mutex> lock(memory.mutex);
    for (auto& [base, import] : memory.imports)
        if (import.name == name) return import.references++, reinterpret_cast<void*>(base + parsed.offset);
    ptrdiff_t viewOffset = 0;
    uintptr_t base = MapPeer(parsed, viewOffset);
    if (!base) return nullptr;
    memory.imports[base] = {parsed.bytes, viewOffset, 1, name};
    return reinterpret_cast<void*>(base + parsed.offset);
}

bool ReleaseImport(const void* address)
{
    Location location = Locate(address, 1);
    if (!location.imported) return false;
    Memory& memory = TheMemory();
    std::lock_guard<std::mutex> lock(memory.mutex);
    auto found = memory.imports.find(location.base);
    if (found == memory.imports.end()) return false;
    if (--found->second.references) return true;
    const auto& [base, import] = *found;
    Unmap(base, import.bytes);
    if (import.viewOffset) Unmap(base + static_cast<uintptr_t>(import.viewOffset), import.bytes);
    memory.imports.erase(found);
    return true;
}

}  // namespace fake_cann
