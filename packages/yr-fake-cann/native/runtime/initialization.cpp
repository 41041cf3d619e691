// aclInit: of what its file of options may say, the device of threads that have set none.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "../call.h"
#include "devices.h"

namespace fake_cann {
namespace {

constexpr int kInvalidFile = 100003;

int Initialize(const char* path)
{
    std::ifstream file(path);
    if (!file) return Fail(kInvalidFile, "aclInit: %s: %s", path, strerror(errno));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    static const std::regex& option = *new std::regex(R"re("default_device"\s*:\s*"(\d{1,4})")re");
    std::smatch found;
    if (!std::regex_search(text, found, option)) return kOk;
    int device = atoi(found[1].str().c_str());
    if (!DeviceAt(device)) return UnknownDevice("aclInit", device);
    SetDefaultDevice(device);
    return kOk;
}

}  // namespace
}  // namespace fake_cann

using namespace fake_cann;

CANN_API int aclInit(const char* path)
{
    return Enter(__func__, {}, [&] { return path && *path ? Initialize(path) : kOk; });
}

CANN_API int aclFinalize() { return Enter(__func__, {}, [] { return kOk; }); }
