// Entry points that the released binaries link to and that have nothing behind them: each fails,
// naming itself and the page that lists what is emulated.
#include "../call.h"

// NOT_EMULATED starts a line; tools/emulated.py reads the names from here.
#define NOT_EMULATED(name)                                                                          \
    CANN_API int name()                                                                             \
    {                                                                                               \
        return fake_cann::Enter(#name, {}, [] {                                                     \
            return fake_cann::Fail(fake_cann::kNotSupported, #name " is not emulated, see docs/emulated.md of yr-fake-cann"); \
        });                                                                                         \
    }

// Device kernels.
NOT_EMULATED(aclrtBinaryGetFunction)
NOT_EMULATED(aclrtBinaryLoadFromData)
NOT_EMULATED(aclrtGetFunctionAddr)
NOT_EMULATED(rtDevBinaryRegister)
NOT_EMULATED(rtFunctionRegister)
NOT_EMULATED(rtGetC2cCtrlAddr)
NOT_EMULATED(rtKernelLaunch)

// Virtual memory management, which expandable segments use.
NOT_EMULATED(aclrtFreePhysical)
NOT_EMULATED(aclrtMallocPhysical)
NOT_EMULATED(aclrtMapMem)
NOT_EMULATED(aclrtMemExportToShareableHandle)
NOT_EMULATED(aclrtMemImportFromShareableHandle)
NOT_EMULATED(aclrtMemSetPidToShareableHandle)
NOT_EMULATED(aclrtReleaseMemAddress)
NOT_EMULATED(aclrtReserveMemAddress)
NOT_EMULATED(aclrtUnmapMem)

// The runtime below acl, as far as only RDMA transfers use it.
NOT_EMULATED(rtGetVisibleDeviceIdByLogicDeviceId)
NOT_EMULATED(rtMalloc)
NOT_EMULATED(rtNotifyGetAddrOffset)
NOT_EMULATED(rtRDMADBSend)

// Properties of a card that only its driver knows.
NOT_EMULATED(halGetDeviceInfo)

// RDMA verbs of libra.so: remote H2D, and point-to-point transfers over RoCE.
NOT_EMULATED(RaDeinit)
NOT_EMULATED(RaDeregisterMr)
NOT_EMULATED(RaGetIfaddrs)
NOT_EMULATED(RaGetIfnum)
NOT_EMULATED(RaGetNotifyBaseAddr)
NOT_EMULATED(RaGetQpStatus)
NOT_EMULATED(RaGetSockets)
NOT_EMULATED(RaInit)
NOT_EMULATED(RaMrDereg)
NOT_EMULATED(RaMrReg)
NOT_EMULATED(RaQpConnectAsync)
NOT_EMULATED(RaQpCreateWithAttrs)
NOT_EMULATED(RaQpDestroy)
NOT_EMULATED(RaRdevDeinit)
NOT_EMULATED(RaRdevGetHandle)
NOT_EMULATED(RaRdevInitV2)
NOT_EMULATED(RaRegisterMr)
NOT_EMULATED(RaSendWr)
NOT_EMULATED(RaSendWrlistExt)
NOT_EMULATED(RaSetQpAttrQos)
NOT_EMULATED(RaSetQpAttrRetryCnt)
NOT_EMULATED(RaSetQpAttrTimeout)
NOT_EMULATED(RaSocketBatchClose)
NOT_EMULATED(RaSocketBatchConnect)
NOT_EMULATED(RaSocketDeinit)
NOT_EMULATED(RaSocketInit)
NOT_EMULATED(RaSocketListenStart)
NOT_EMULATED(RaSocketListenStop)
NOT_EMULATED(RaSocketWhiteListAdd)
NOT_EMULATED(RaSocketWhiteListDel)
NOT_EMULATED(RaTypicalSendWr)
