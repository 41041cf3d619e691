#include "settings.h"

#include "calibration.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fake_cann {
namespace {

const char* Text(const char* name)
{
    const char* value = getenv(name);
    return value && *value ? value : nullptr;
}

long Number(const char* name, long fallback, long least, long most)
{
    const char* text = Text(name);
    if (!text) return fallback;
    char* end = nullptr;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || value < least || value > most) RefuseSetting(name, text, "a number in range");
    return value;
}

bool Flag(const char* name) { return Number(name, 0, 0, 1) == 1; }

bool Asynchronous()
{
    const char* text = Text("YR_FAKE_CANN_STREAMS");
    if (!text || !strcmp(text, "inline")) return false;
    if (!strcmp(text, "async")) return true;
    RefuseSetting("YR_FAKE_CANN_STREAMS", text, "inline or async");
}

const Chip& TheChip()
{
    const char* name = Text("YR_FAKE_CANN_SOC");
    const Chip* chip = FindChip(name ? name : "Ascend910B3");
    if (!chip) RefuseSetting("YR_FAKE_CANN_SOC", name, ("one of " + ChipNames()).c_str());
    return *chip;
}

size_t MemoryBytes(const Chip& chip)
{
    constexpr const char* kName = "YR_FAKE_CANN_MEMORY_MB";
    size_t usual = TheCalibration().memoryBytes ? TheCalibration().memoryBytes : chip.memoryBytes;
    return Text(kName) ? static_cast<size_t>(Number(kName, 0, 1, 1L << 24)) << 20 : usual;
}

void ReadPorts(Settings& settings)
{
    const char* text = Text("YR_FAKE_CANN_PORTS");
    settings.firstPort = settings.lastPort = 0;
    if (!text) return;
    char rest = 0;
    bool read = sscanf(text, "%d-%d%c", &settings.firstPort, &settings.lastPort, &rest) == 2;
    if (!read || settings.firstPort < 1 || settings.lastPort < settings.firstPort || settings.lastPort > 65535)
        RefuseSetting("YR_FAKE_CANN_PORTS", text, "first-last");
}

Settings Read()
{
    Settings settings{};
    settings.devices = static_cast<int>(Number("YR_FAKE_CANN_DEVICES", 8, 0, 64));
    settings.chip = &TheChip();
    settings.memoryBytes = MemoryBytes(*settings.chip);
    settings.alignment = TheCalibration().alignment;
    settings.strict = Flag("YR_FAKE_CANN_STRICT");
    settings.asynchronous = Asynchronous();
    settings.delay = std::chrono::microseconds(Number("YR_FAKE_CANN_DELAY_US", 2000, 0, 60'000'000));
    settings.sameDevice = Flag("YR_FAKE_CANN_ALLOW_SAME_DEVICE") || TheCalibration().sameDevice;
    ReadPorts(settings);
    settings.address = Text("HCCL_IF_IP") ? Text("HCCL_IF_IP") : "127.0.0.1";
    std::chrono::seconds connectTimeout(Number("HCCL_CONNECT_TIMEOUT", 120, 1, INT_MAX));
    settings.connectTimeout = std::max(connectTimeout, TheCalibration().connectTimeout);
    settings.execTimeout = std::chrono::seconds(Number("HCCL_EXEC_TIMEOUT", 1836, 0, INT_MAX));
    return settings;
}

}  // namespace

const Settings& TheSettings()
{
    static const Settings& settings = *new Settings(Read());
    return settings;
}

void RefuseSetting(const char* name, const std::string& value, const char* expected)
{
    fprintf(stderr, "yr-fake-cann: %s=%s cannot be read, expected %s\n", name, value.c_str(), expected);
    abort();
}

}  // namespace fake_cann
