// What a card was measured to do where this emulator guesses.
//
//   YR_FAKE_CANN_CALIBRATION = entries with ';' between them, which `yr-fake-cann run --calibration`
//   makes of a file that `yr-conformance calibrate` wrote:
//   file=/path                         where they come from; for people
//   memory=65787658240                 bytes of an NPU, unless YR_FAKE_CANN_MEMORY_MB is set
//   alignment=512                      of addresses and sizes of device memory, a power of two
//   connect-timeout=120                seconds that ranks wait for each other at the least
//   same-device=1                      two ranks may be on one NPU
//   aclrtFree:107000:freed-twice=507899   a status, by function, emulated status and situation
#pragma once

#include <chrono>
#include <cstddef>

namespace fake_cann {

struct Calibration {
    size_t memoryBytes;                   // 0: as the chip has it
    size_t alignment;
    std::chrono::seconds connectTimeout;  // 0: as HCCL_CONNECT_TIMEOUT says
    bool sameDevice;
};

const Calibration& TheCalibration();

// The status that a card gives where the emulator has `status`. `situation` is FailIn's name of what
// is wrong, where a function has one status for several mistakes; else "".
int Calibrated(const char* function, const char* situation, int status);

}  // namespace fake_cann
