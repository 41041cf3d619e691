// Device memory: one pool of address space and one memfd per NPU and process.
//
//   device address  ──► [ host may not touch it (strict) | the same bytes ]
//                                │
//   host view       ──► [ shared mapping of the memfd, used by copies and kernels ]
//
// Peers map the memfd through /proc, which is how one process reads another's NPU one-sidedly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fake_cann {

struct Device;

int AllocateDeviceMemory(Device& device, size_t bytes, size_t granularity, void** address);
int FreeDeviceMemory(void* address);
size_t UsedDeviceMemory(const Device& device);

enum class Place { kHost, kDevice, kFreed, kPastEnd };

struct Location {
    Place place = Place::kHost;
    char* view = nullptr;     // where the host may touch the bytes; the address itself for kHost
    uintptr_t base = 0;       // of the allocation
    size_t bytes = 0;         // of the allocation
    size_t offset = 0;        // of the address in it
    int device = -1;          // logical index
    bool imported = false;    // memory of another process
};

Location Locate(const void* address, size_t bytes);
std::string Describe(const void* address, const Location& location);
void DescribeInto(char* text, size_t size, const void* address, const Location& location);

// The view of `bytes` of live device memory, or nullptr with the reason as the thread's last error.
char* DeviceView(const char* function, const void* address, size_t bytes);

// A name under which a peer process of the same user opens the allocation that holds `address`.
bool ExportMemory(const void* address, char* name, size_t size);
bool IsExportName(const char* name);
void* ImportMemory(const char* name);
bool ReleaseImport(const void* address);

}  // namespace fake_cann
