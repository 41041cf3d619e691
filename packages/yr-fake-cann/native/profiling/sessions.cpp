// Profiling sessions of acl (acl_prof.h): they start and stop, and write no data of a device.
//
// Names and arguments are those of CANN's guide of the C API, chapter on profiling.
#include <cstdint>
#include <memory>

#include "../accepted.h"
#include "../call.h"
#include "../handles.h"
#include "notice.h"

using namespace fake_cann;

namespace {

constexpr int kProfilingParameter = 100000;

struct Configuration {};

HandleTable<Configuration>& Configurations()
{
    static HandleTable<Configuration>& configurations = *new HandleTable<Configuration>(0x9F);
    return configurations;
}

int NoConfiguration(const char* function, const void* configuration)
{
    return Fail(kProfilingParameter, "%s: %p is no configuration of aclprofCreateConfig", function, configuration);
}

int Switch(const char* function, const void* configuration)
{
    return Enter(function, {}, [&] {
        return Configurations().Find(configuration) ? kOk : NoConfiguration(function, configuration);
    });
}

}  // namespace

ACCEPTED(aclprofFinalize)
ACCEPTED(aclprofGetStepTimestamp)
ACCEPTED(aclprofInit)
ACCEPTED(aclprofRegisterDeviceCallback)
ACCEPTED(aclprofSetConfig)

CANN_API void* aclprofCreateConfig(uint32_t*, uint32_t, int, void*, uint64_t)
{
    return Configurations().Add(std::make_shared<Configuration>());
}

CANN_API int aclprofDestroyConfig(const void* configuration)
{
    return Configurations().Remove(configuration) ? kOk : NoConfiguration("aclprofDestroyConfig", configuration);
}

CANN_API int aclprofStart(const void* configuration)
{
    SayWhatIsNotRecorded();
    return Switch(__func__, configuration);
}

CANN_API int aclprofStop(const void* configuration) { return Switch(__func__, configuration); }

CANN_API int aclprofWarmup(const void* configuration) { return Switch(__func__, configuration); }

CANN_API void* aclprofCreateStepInfo() { return Configurations().Add(std::make_shared<Configuration>()); }

CANN_API void aclprofDestroyStepInfo(void* step) { Configurations().Remove(step); }
