// What every entry point of the emulated CANN shares: visibility, status codes, and the scope of a
// call. Names and numbers are facts of the public C ABI; no line of a CANN header is used.
#pragma once

#include <cstddef>
#include <cstdint>

// Entry points start a line with CANN_API; tools/emulated.py reads them from the sources.
#define CANN_API extern "C" __attribute__((visibility("default")))

namespace fake_cann {

constexpr int kOk = 0;
constexpr int kInvalidParameter = 107000;
constexpr int kInvalidDevice = 107001;
constexpr int kNoContext = 107002;
constexpr int kNotSubscribed = 107015;
constexpr int kInvalidMemory = 107016;
constexpr int kInvalidHandle = 107017;
constexpr int kStreamAborted = 107023;
constexpr int kNotSupported = 207000;
constexpr int kOutOfMemory = 207001;
constexpr int kInternal = 507000;
constexpr int kReportTimeout = 507012;
constexpr int kStreamTimeout = 507046;
constexpr int kEventTimeout = 507047;
constexpr int kTaskTimeout = 507048;
constexpr int kRemoteLost = 507057;

constexpr int kHcclParameter = 1;
constexpr int kHcclPointer = 2;
constexpr int kHcclInternal = 4;
constexpr int kHcclNotSupported = 5;
constexpr int kHcclUnavailable = 7;
constexpr int kHcclTimeout = 9;
constexpr int kHcclRemote = 21;

}  // namespace fake_cann
