#include "pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../settings.h"

namespace fake_cann {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t RoundUp(size_t bytes, size_t granularity) { return (bytes + granularity - 1) / granularity * granularity; }

// Begins at a huge page, as offsets in the pool are what addresses are aligned by.
uintptr_t Map(size_t bytes, int protection, int flags, int descriptor)
{
    size_t reserved = bytes + kHugePage;
    void* room = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return 0;
    auto from = reinterpret_cast<uintptr_t>(room), begin = RoundUp(from, kHugePage);
    if (begin > from) munmap(room, begin - from);
    if (from + reserved > begin + bytes) munmap(reinterpret_cast<void*>(begin + bytes), from + reserved - begin - bytes);
    void* address = mmap(reinterpret_cast<void*>(begin), bytes, protection, flags | MAP_FIXED | MAP_NORESERVE, descriptor, 0);
    return address == MAP_FAILED ? 0 : begin;
}

// The last entry that begins at or before `address`, if it holds it.
std::map<uintptr_t, size_t>::const_iterator Holder(const std::map<uintptr_t, size_t>& ranges, uintptr_t address)
{
    auto after = ranges.upper_bound(address);
    if (after == ranges.begin()) return ranges.end();
    --after;
    return address < after->first + after->second ? after : ranges.end();
}

}  // namespace

bool Pool::Reserve()
{
    if (base_) return true;
    size_t space = RoundUp(capacity_, kHugePage) * 2;  // addresses are reused late, so that stale ones show
    descriptor_ = memfd_create("yr_fake_cann", MFD_CLOEXEC);
    if (descriptor_ < 0 || ftruncate(descriptor_, static_cast<off_t>(space))) return false;
    uintptr_t view = Map(space, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_);
    if (!view) return false;
    uintptr_t device = view;
    if (TheSettings().strict) device = Map(space, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!device) return false;
    base_ = next_ = device;
    viewOffset_ = static_cast<ptrdiff_t>(view - device);
    return true;
}

uintptr_t Pool::FirstFit(size_t bytes, uintptr_t from) const
{
    uintptr_t end = base_ + RoundUp(capacity_, kHugePage) * 2, at = from;
    auto holder = Holder(live_, from);
    if (holder != live_.end()) at = holder->first + holder->second;
    for (auto next = live_.lower_bound(at); next != live_.end(); ++next) {
        if (next->first - at >= bytes) return at;
        at = next->first + next->second;
    }
    return end - at >= bytes ? at : 0;
}

uintptr_t Pool::Allocate(size_t bytes, size_t granularity)
{
    if (bytes > capacity_ || !Reserve()) return 0;
    bytes = RoundUp(bytes, granularity);
    if (used_ + bytes > capacity_) return 0;
    uintptr_t address = FirstFit(bytes, RoundUp(next_ - base_, granularity) + base_);
    if (!address) address = FirstFit(bytes, base_);
    if (!address) return 0;
    live_[address] = bytes;
    used_ += bytes;
    next_ = address + bytes;
    auto stale = freed_.lower_bound(address);
    if (stale != freed_.begin() && std::prev(stale)->first + std::prev(stale)->second > address) --stale;
    while (stale != freed_.end() && stale->first < address + bytes) stale = freed_.erase(stale);
    return address;
}

bool Pool::Free(uintptr_t address)
{
    auto found = live_.find(address);
    if (found == live_.end()) return false;
    fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(address - base_),
              static_cast<off_t>(found->second));
    used_ -= found->second;
    freed_[address] = found->second;
    live_.erase(found);
    return true;
}

Pool::Piece Pool::Find(uintptr_t address) const
{
    auto live = Holder(live_, address);
    if (live != live_.end()) return {live->first, live->second, true};
    auto freed = Holder(freed_, address);
    if (freed != freed_.end()) return {freed->first, freed->second, false};
    return {0, 0, false};
}

}  // namespace fake_cann
