// The optional features of a profiler, in the layout that frameworks read (torch_npu's
// feature_mgr.h). All of them are there: one that is missing is warned about, and what it would add
// is as absent as all activity of a device.
#include <cstddef>
#include <cstdint>

#include "../call.h"

using namespace fake_cann;

namespace {

constexpr int kProfilingParameter = 100000;

// Two classes with a virtual destructor in CANN; readers use the members only.
struct Feature {
    void* classOfRecord;
    char name[64];
    void* classOfDescription;
    char incompatible[16];
    char version[16];
    char component[16];
    char componentVersion[16];
    char log[128];
};
static_assert(sizeof(Feature) == 272, "the layout of a foreign record");

Feature g_features[] = {
    {nullptr, "ATTR", nullptr, "0", "1", "all", "all", "not recorded"},
    {nullptr, "MemoryAccess", nullptr, "0", "1", "all", "all", "not recorded"},
    {nullptr, "AICORE_SHAPE", nullptr, "0", "1", "all", "all", "not recorded"},
};

int Features(const char* function, size_t* count, void** features)
{
    return Enter(function, {}, [&] {
        if (!count || !features) return Fail(kProfilingParameter, "%s: no place for the result", function);
        *count = sizeof g_features / sizeof *g_features;
        *features = g_features;
        return kOk;
    });
}

}  // namespace

CANN_API int aclprofGetSupportedFeatures(size_t* count, void** features) { return Features(__func__, count, features); }

CANN_API int aclprofGetSupportedFeaturesV2(size_t* count, void** features) { return Features(__func__, count, features); }
