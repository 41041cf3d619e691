#include "calibration.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "abi.h"
#include "settings.h"

namespace fake_cann {
namespace {

constexpr const char* kVariable = "YR_FAKE_CANN_CALIBRATION";
constexpr size_t kHugePage = size_t{2} << 20;
constexpr long kLeastAlignment = 32, kMostBytes = 1L << 44;

struct Entries {
    Calibration values{0, kHugePage, std::chrono::seconds(0), false};
    std::map<std::string, int> statuses;  // by function:status:situation
};

[[noreturn]] void Refuse(const std::string& entry)
{
    RefuseSetting(kVariable, entry, "entries that `yr-fake-cann run --calibration FILE` makes of a file");
}

long Whole(const std::string& entry, const std::string& text, long least, long most)
{
    char* end = nullptr;
    errno = 0;
    long value = strtol(text.c_str(), &end, 10);
    if (text.empty() || errno || *end || value < least || value > most) Refuse(entry);
    return value;
}

size_t Alignment(const std::string& entry, const std::string& text)
{
    long value = Whole(entry, text, kLeastAlignment, kHugePage);
    if (value & (value - 1)) Refuse(entry);
    return static_cast<size_t>(value);
}

// function:status, or function:status:situation; success is nobody's to translate.
std::string Key(const std::string& entry, const std::string& name)
{
    size_t first = name.find(':');
    if (!first || first == std::string::npos) Refuse(entry);
    size_t second = name.find(':', first + 1);
    bool named = second != std::string::npos;
    if (named && (second + 1 == name.size() || name.find(':', second + 1) != std::string::npos)) Refuse(entry);
    Whole(entry, name.substr(first + 1, named ? second - first - 1 : std::string::npos), 1, INT_MAX);
    return named ? name : name + ":";
}

void ReadEntry(Entries& entries, const std::string& entry)
{
    size_t equals = entry.find('=');
    if (equals == std::string::npos) Refuse(entry);
    std::string name = entry.substr(0, equals), value = entry.substr(equals + 1);
    Calibration& values = entries.values;
    if (name == "file") return;
    if (name == "memory") values.memoryBytes = static_cast<size_t>(Whole(entry, value, 1L << 20, kMostBytes));
    else if (name == "alignment") values.alignment = Alignment(entry, value);
    else if (name == "connect-timeout") values.connectTimeout = std::chrono::seconds(Whole(entry, value, 1, INT_MAX));
    else if (name == "same-device") values.sameDevice = Whole(entry, value, 0, 1) == 1;
    else if (!entries.statuses.emplace(Key(entry, name), static_cast<int>(Whole(entry, value, 1, INT_MAX))).second) Refuse(entry);
}

Entries* Read()
{
    auto entries = new Entries;
    const char* setting = getenv(kVariable);
    std::istringstream text(setting ? setting : "");
    for (std::string entry; std::getline(text, entry, ';');)
        if (!entry.empty()) ReadEntry(*entries, entry);
    return entries;
}

const Entries& TheEntries()
{
    static const Entries& entries = *Read();
    return entries;
}

}  // namespace

const Calibration& TheCalibration() { return TheEntries().values; }

int Calibrated(const char* function, const char* situation, int status)
{
    const auto& statuses = TheEntries().statuses;
    if (!status || statuses.empty()) return status;
    std::string mistake = ":" + std::to_string(status) + ":" + situation;
    // A card is asked with a time limit where it can be; what it answers holds without one, too.
    for (const char* variant : {"", "WithTimeout"}) {
        auto found = statuses.find(function + (variant + mistake));
        if (found != statuses.end()) return found->second;
    }
    return status;
}

}  // namespace fake_cann
