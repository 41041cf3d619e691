// The environment variables of the emulator, read once per process.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "chips.h"

namespace fake_cann {

struct Settings {
    int devices;                       // YR_FAKE_CANN_DEVICES: physical NPUs of this machine
    size_t memoryBytes;                // YR_FAKE_CANN_MEMORY_MB: per NPU and process; that of the chip
    size_t alignment;                  // of addresses and sizes of device memory
    const Chip* chip;                  // YR_FAKE_CANN_SOC
    bool strict;                       // YR_FAKE_CANN_STRICT: the host may not touch device memory
    bool asynchronous;                 // YR_FAKE_CANN_STREAMS=async
    std::chrono::microseconds delay;   // YR_FAKE_CANN_DELAY_US: age of a task before it may run
    bool sameDevice;                   // YR_FAKE_CANN_ALLOW_SAME_DEVICE: two ranks on one NPU
    int firstPort, lastPort;           // YR_FAKE_CANN_PORTS=first-last, 0: the system chooses
    std::string address;               // HCCL_IF_IP
    std::chrono::seconds connectTimeout;  // HCCL_CONNECT_TIMEOUT
    std::chrono::seconds execTimeout;     // HCCL_EXEC_TIMEOUT
};

const Settings& TheSettings();

// A setting that cannot be read must not be guessed: says so on stderr and aborts the process.
[[noreturn]] void RefuseSetting(const char* name, const std::string& value, const char* expected);

}  // namespace fake_cann
