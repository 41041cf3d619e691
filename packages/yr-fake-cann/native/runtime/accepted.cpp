// Calls that are accepted and change nothing here: switches of the hardware, profiling, dumps, logs.
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "../accepted.h"
#include "../call.h"

ACCEPTED(aclSetCompileopt)
ACCEPTED(aclSetTensorFormat)
ACCEPTED(aclSetTensorPlaceMent)
ACCEPTED(aclSetTensorShape)
ACCEPTED(aclSetTensorDescName)
ACCEPTED(aclmdlFinalizeDump)
ACCEPTED(aclmdlInitDump)
ACCEPTED(aclmdlSetDump)
ACCEPTED(aclopSetAttrBool)
ACCEPTED(aclopSetAttrDataType)
ACCEPTED(aclopSetAttrFloat)
ACCEPTED(aclopSetAttrInt)
ACCEPTED(aclopSetAttrListBool)
ACCEPTED(aclopSetAttrListFloat)
ACCEPTED(aclopSetAttrListInt)
ACCEPTED(aclopSetAttrListListInt)
ACCEPTED(aclopSetAttrString)
ACCEPTED(aclopStartDumpArgs)
ACCEPTED(aclopStopDumpArgs)
ACCEPTED(aclrtGetLastError)
ACCEPTED(aclrtPeekAtLastError)
ACCEPTED(aclrtSetDeviceSatMode)
ACCEPTED(aclrtSetOpExecuteTimeOut)
ACCEPTED(aclrtSetOpWaitTimeout)
ACCEPTED(aclrtSetStreamFailureMode)
ACCEPTED(aclrtSetStreamOverflowSwitch)
ACCEPTED(MsprofRegisterCallback)
ACCEPTED(MsprofReportAdditionalInfo)
ACCEPTED(MsprofReportApi)
ACCEPTED(MsprofReportCompactInfo)

CANN_API uint64_t MsprofGetHashId(const char*, size_t) { return 0; }

CANN_API uint64_t MsprofSysCycleTime() { return 0; }

CANN_API void aclAppLog(int, const char*, const char*, uint32_t, const char*, ...) {}

namespace {

// The version whose ABI the datasystem 0.8.1 documents; callers switch features by it.
constexpr char kVersion[] = "8.5.0";

struct PackageVersion {
    char whole[128];
    char major[64], minor[64], release[64], patch[64];
    char reserved[128];
};

}  // namespace

CANN_API int aclsysGetVersionStr(char*, char* version)
{
    strcpy(version, kVersion);
    return fake_cann::kOk;
}

CANN_API int aclsysGetCANNVersion(int, PackageVersion* version)
{
    *version = {};
    strcpy(version->whole, kVersion);
    version->major[0] = kVersion[0];
    version->minor[0] = kVersion[2];
    version->release[0] = kVersion[4];
    return fake_cann::kOk;
}

// Which calls a capture of this thread forbids; nothing is captured here, so it forbids none.
CANN_API int aclmdlRICaptureThreadExchangeMode(int* mode)
{
    constexpr int kRelaxed = 2;
    static thread_local int current = 0;  // global
    if (!mode || *mode < 0 || *mode > kRelaxed)
        return fake_cann::Fail(fake_cann::kInvalidParameter, "aclmdlRICaptureThreadExchangeMode: no mode of a capture");
    std::swap(*mode, current);
    return fake_cann::kOk;
}

CANN_API void* aclopCreateAttr() { return calloc(1, 1); }

CANN_API void aclopDestroyAttr(void* attributes) { free(attributes); }

CANN_API size_t aclGetCompileoptSize() { return 8; }

CANN_API int aclGetCompileopt(int, char* value, size_t size)
{
    if (size) value[0] = 0;
    return fake_cann::kOk;
}

namespace {

struct SystemOptions {
    std::mutex mutex;
    std::map<int, int64_t> values;
};

SystemOptions& Options()
{
    static SystemOptions& options = *new SystemOptions;
    return options;
}

}  // namespace

CANN_API int aclrtSetSysParamOpt(int option, int64_t value)
{
    std::lock_guard<std::mutex> lock(Options().mutex);
    Options().values[option] = value;
    return fake_cann::kOk;
}

CANN_API int aclrtGetSysParamOpt(int option, int64_t* value)
{
    std::lock_guard<std::mutex> lock(Options().mutex);
    *value = Options().values[option];
    return fake_cann::kOk;
}

CANN_API int aclrtCtxSetSysParamOpt(int option, int64_t value) { return aclrtSetSysParamOpt(option, value); }

CANN_API int aclrtCtxGetSysParamOpt(int option, int64_t* value) { return aclrtGetSysParamOpt(option, value); }
