#include "trace.h"

#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "settings.h"

namespace fake_cann {
namespace {

struct Sink {
    int descriptor = -1;
    bool chrome = false;
};

bool EndsWith(const std::string& text, const char* end)
{
    size_t n = strlen(end);
    return text.size() >= n && !text.compare(text.size() - n, n, end);
}

// calls.json -> calls.<pid>.json, so that a process and its children do not write into one file.
std::string ProcessFile(const std::string& path)
{
    size_t dot = path.rfind('.');
    if (dot == std::string::npos || path.find('/', dot) != std::string::npos) dot = path.size();
    return path.substr(0, dot) + "." + std::to_string(getpid()) + path.substr(dot);
}

Sink Open()
{
    const char* target = getenv("YR_FAKE_CANN_TRACE");
    if (!target || !*target) return {};
    if (!strcmp(target, "stderr")) return {2, false};
    int descriptor = open(ProcessFile(target).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) RefuseSetting("YR_FAKE_CANN_TRACE", target, "stderr or a file that can be written");
    bool chrome = EndsWith(target, ".json");
    // Viewers accept an array that is never closed, so a killed process leaves a readable trace.
    if (chrome && write(descriptor, "[\n", 2) != 2) chrome = false;
    return {descriptor, chrome};
}

const Sink& TheSink()
{
    static const Sink& sink = *new Sink(Open());
    return sink;
}

double Microseconds(Clock::duration span) { return std::chrono::duration<double, std::micro>(span).count(); }

// A program's words without what separates arguments or ends a string of JSON.
std::string Plain(const char* words)
{
    std::string text = words;
    for (char& c : text)
        if (strchr("\",\\", c) || static_cast<unsigned char>(c) < ' ') c = '_';
    return text;
}

std::string Print(const Argument& argument)
{
    if (argument.words) return Plain(argument.words);
    char value[32];
    snprintf(value, sizeof value, argument.pointer ? "0x%" PRIx64 : "%" PRIu64, argument.value);
    return value;
}

// The arguments, each with `between` between its name and its value, and `quote` around both.
std::string Join(Arguments arguments, const std::string& quote, const std::string& between)
{
    std::string text;
    for (const Argument& argument : arguments)
        text += (text.empty() ? "" : ", ") + quote + argument.name + quote + between + quote + Print(argument) + quote;
    return text;
}

std::string ChromeLine(const TraceRecord& record, Arguments arguments, double duration)
{
    char head[384];
    snprintf(head, sizeof head,
             R"({"name": "%s", "cat": "%s", "ph": "X", "ts": %.3f, "dur": %.3f, "pid": %d, "tid": %d, )"
             R"("args": {"npu": %d, "result": %d)",
             record.name, record.kind, Microseconds(record.begin.time_since_epoch()), duration, getpid(),
             record.lane, record.device, record.status);
    std::string more = Join(arguments, "\"", ": ");
    return head + (more.empty() ? std::string() : ", " + more) + "}},\n";
}

std::string TextLine(const TraceRecord& record, Arguments arguments, double duration)
{
    char head[256], tail[64];
    snprintf(head, sizeof head, "%.9f %d/%d npu:%d %s %s(", Microseconds(record.begin.time_since_epoch()) / 1e6,
             getpid(), record.lane, record.device, record.kind, record.name);
    snprintf(tail, sizeof tail, ") = %d in %.1f us\n", record.status, duration);
    return head + Join(arguments, "", "=") + tail;
}

}  // namespace

bool Tracing() { return TheSink().descriptor >= 0; }

void WriteTrace(const TraceRecord& record, Arguments arguments)
{
    const Sink& sink = TheSink();
    double duration = Microseconds(Clock::now() - record.begin);
    std::string line = sink.chrome ? ChromeLine(record, arguments, duration) : TextLine(record, arguments, duration);
    if (write(sink.descriptor, line.data(), line.size()) < 0) return;  // a full disk must not fail the program
}

}  // namespace fake_cann
