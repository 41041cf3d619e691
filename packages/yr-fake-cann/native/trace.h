// A record of calls and of the tasks that streams ran, as text or as a Chrome trace.
//
//   YR_FAKE_CANN_TRACE=stderr            text on stderr
//   YR_FAKE_CANN_TRACE=/dir/calls.txt    text, one file a process: calls.<pid>.txt
//   YR_FAKE_CANN_TRACE=/dir/calls.json   Chrome trace events, one file a process
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>

namespace fake_cann {

using Clock = std::chrono::steady_clock;

// Words of the program, such as the message of a mark.
struct Text {
    const char* words;
};

struct Argument {
    Argument(const char* label, uint64_t number) : name(label), value(number) {}
    Argument(const char* label, const void* address)
        : name(label), value(reinterpret_cast<uintptr_t>(address)), pointer(true) {}
    Argument(const char* label, Text text) : name(label), value(0), words(text.words ? text.words : "") {}
    const char* name;
    uint64_t value;
    bool pointer = false;
    const char* words = nullptr;
};
using Arguments = std::initializer_list<Argument>;

struct TraceRecord {
    const char* kind;  // "call" or "task"
    const char* name;
    int device;  // physical, -1: none
    int lane;    // thread id of a call, stream id of a task
    Clock::time_point begin;
    int status;
};

bool Tracing();
void WriteTrace(const TraceRecord& record, Arguments arguments);

}  // namespace fake_cann
