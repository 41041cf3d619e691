#include "chips.h"

#include "abi.h"

namespace fake_cann {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20, kGigabyte = size_t{1} << 30;

// docs/chips.md has the same table, and a test compares them.
constexpr Chip kChips[] = {
    {"Ascend910B1", 24, 48, 6, 64 * kGigabyte, 192 * kMegabyte},
    {"Ascend910B2", 24, 48, 6, 64 * kGigabyte, 192 * kMegabyte},
    {"Ascend910B2C", 24, 48, 6, 64 * kGigabyte, 192 * kMegabyte},
    {"Ascend910B3", 20, 40, 6, 64 * kGigabyte, 192 * kMegabyte},
    {"Ascend910B4", 20, 40, 6, 32 * kGigabyte, 96 * kMegabyte},
    {"Ascend910_9382", 24, 48, 6, 64 * kGigabyte, 192 * kMegabyte},
};

}  // namespace

const Chip* FindChip(const std::string& name)
{
    for (const Chip& chip : kChips)
        if (name == chip.name) return &chip;
    return nullptr;
}

std::string ChipNames()
{
    std::string names;
    for (const Chip& chip : kChips) names += (names.empty() ? "" : ", ") + std::string(chip.name);
    return names;
}

}  // namespace fake_cann

// Entry of the emulator itself: the command line asks it what --soc may be.
CANN_API const char* yr_fake_cann_chips()
{
    static const std::string& names = *new std::string(fake_cann::ChipNames());
    return names.c_str();
}
