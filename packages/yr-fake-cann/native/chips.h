// The chips that YR_FAKE_CANN_SOC can name, and what their properties are. Data, each with a source
// in docs/chips.md.
#pragma once

#include <cstddef>
#include <string>

namespace fake_cann {

struct Chip {
    const char* name;
    int cubeCores, vectorCores, aiCpus;
    size_t memoryBytes, l2Bytes;
};

const Chip* FindChip(const std::string& name);  // nullptr: no such chip here
std::string ChipNames();                        // separated by ", "

}  // namespace fake_cann
