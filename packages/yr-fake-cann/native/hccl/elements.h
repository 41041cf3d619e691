// The data types of HCCL, and the reductions it has for them on Atlas A2.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fake_cann {

size_t ElementSize(int type);  // 0: no such type
bool CanReduce(int type, int operation);
// accumulator[i] = accumulator[i] (operation) values[i]
void Reduce(int type, int operation, char* accumulator, const char* values, size_t count);

}  // namespace fake_cann
