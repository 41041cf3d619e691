#include "elements.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fake_cann {
namespace {

enum Type { kInt8, kInt16, kInt32, kFloat16, kFloat32, kInt64, kUint64, kUint8, kUint16, kUint32, kFloat64, kBfloat16, kInt128, kHif8 = 14, kE4m3, kE5m2, kE8m0 };
enum Operation { kSum, kProd, kMax, kMin };

float FromBits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint32_t Bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

struct Bfloat16 {
    uint16_t bits;
    operator float() const { return FromBits(static_cast<uint32_t>(bits) << 16); }
    static Bfloat16 Round(float value)
    {
        if (std::isnan(value)) return {0x7fc0};
        uint32_t wide = Bits(value);
        return {static_cast<uint16_t>((wide + 0x7fff + (wide >> 16 & 1)) >> 16)};
    }
};

// IEEE half precision by hand, as not every compiler has the type.
struct Float16 {
    uint16_t bits;
    operator float() const
    {
        uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
        if (exponent == 31) return FromBits(sign | 0x7f800000 | fraction << 13);
        if (exponent) return FromBits(sign | (exponent + 112) << 23 | fraction << 13);
        float small = std::ldexp(static_cast<float>(fraction), -24);
        return sign ? -small : small;
    }
    static Float16 Round(float value)
    {
        uint32_t wide = Bits(value), sign = wide >> 16 & 0x8000, magnitude = wide & 0x7fffffff;
        if (magnitude > 0x7f800000) return {static_cast<uint16_t>(sign | 0x7e00)};
        if (magnitude >= 0x477ff000) return {static_cast<uint16_t>(sign | 0x7c00)};
        if (magnitude < 0x38800000) return {static_cast<uint16_t>(sign | static_cast<uint32_t>(std::nearbyint(std::ldexp(FromBits(magnitude), 24))))};
        uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1) - (112u << 23);
        return {static_cast<uint16_t>(sign | rounded >> 13)};
    }
};

template <class T>
T Apply(int operation, T a, T b)
{
    switch (operation) {
        case kSum: return static_cast<T>(a + b);
        case kProd: return static_cast<T>(a * b);
        case kMax: return std::max(a, b);
        default: return std::min(a, b);
    }
}

// Signed overflow wraps, as on the device.
template <class T, class Unsigned>
void FoldIntegers(int operation, T* accumulator, const T* values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool wraps = operation == kSum || operation == kProd;
        accumulator[i] = wraps ? static_cast<T>(Apply<Unsigned>(operation, static_cast<Unsigned>(accumulator[i]), static_cast<Unsigned>(values[i])))
                               : Apply<T>(operation, accumulator[i], values[i]);
    }
}

template <class T>
void FoldHalves(int operation, T* accumulator, const T* values, size_t count)
{
    for (size_t i = 0; i < count; i++) accumulator[i] = T::Round(Apply<float>(operation, accumulator[i], values[i]));
}

template <class T>
T* As(char* bytes) { return reinterpret_cast<T*>(bytes); }

template <class T>
const T* As(const char* bytes) { return reinterpret_cast<const T*>(bytes); }

}  // namespace

size_t ElementSize(int type)
{
    switch (type) {
        case kInt8: case kUint8: case kHif8: case kE4m3: case kE5m2: case kE8m0: return 1;
        case kInt16: case kUint16: case kFloat16: case kBfloat16: return 2;
        case kInt32: case kUint32: case kFloat32: return 4;
        case kInt64: case kUint64: case kFloat64: return 8;
        case kInt128: return 16;
        default: return 0;
    }
}

// HCCL's documentation of HcclAllReduce: seven types, prod without int16 and bfloat16.
bool CanReduce(int type, int operation)
{
    if (operation < kSum || operation > kMin) return false;
    if (operation == kProd && (type == kInt16 || type == kBfloat16)) return false;
    return type == kInt8 || type == kInt16 || type == kInt32 || type == kInt64 || type == kFloat16 || type == kFloat32 || type == kBfloat16;
}

void Reduce(int type, int operation, char* accumulator, const char* values, size_t count)
{
    switch (type) {
        case kInt8: return FoldIntegers<int8_t, uint32_t>(operation, As<int8_t>(accumulator), As<int8_t>(values), count);
        case kInt16: return FoldIntegers<int16_t, uint32_t>(operation, As<int16_t>(accumulator), As<int16_t>(values), count);
        case kInt32: return FoldIntegers<int32_t, uint32_t>(operation, As<int32_t>(accumulator), As<int32_t>(values), count);
        case kInt64: return FoldIntegers<int64_t, uint64_t>(operation, As<int64_t>(accumulator), As<int64_t>(values), count);
        case kFloat16: return FoldHalves(operation, As<Float16>(accumulator), As<Float16>(values), count);
        case kBfloat16: return FoldHalves(operation, As<Bfloat16>(accumulator), As<Bfloat16>(values), count);
        default: break;
    }
    float* sums = As<float>(accumulator);
    for (size_t i = 0; i < count; i++) sums[i] = Apply<float>(operation, sums[i], As<float>(values)[i]);
}

}  // namespace fake_cann
