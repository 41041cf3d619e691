// The address range of one NPU: who owns which part, and where its bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace fake_cann {

class Pool {
public:
    explicit Pool(size_t capacity) : capacity_(capacity) {}

    // 0: the pool is exhausted. The first call reserves the addresses and makes the memfd.
    uintptr_t Allocate(size_t bytes, size_t granularity);
    bool Free(uintptr_t address);  // false: not the begin of an allocation

    struct Piece {
        uintptr_t base;
        size_t bytes;
        bool live;
    };
    // The allocation, or the freed range, that holds `address`; bytes == 0: not in this pool.
    Piece Find(uintptr_t address) const;

    size_t used() const { return used_; }
    int descriptor() const { return descriptor_; }
    uintptr_t base() const { return base_; }
    ptrdiff_t viewOffset() const { return viewOffset_; }

private:
    bool Reserve();
    uintptr_t FirstFit(size_t bytes, uintptr_t from) const;

    size_t capacity_;
    uintptr_t base_ = 0, next_ = 0;
    ptrdiff_t viewOffset_ = 0;
    int descriptor_ = -1;
    size_t used_ = 0;
    std::map<uintptr_t, size_t> live_;
    std::map<uintptr_t, size_t> freed_;  // for messages; a range leaves it when it is allocated again
};

}  // namespace fake_cann
