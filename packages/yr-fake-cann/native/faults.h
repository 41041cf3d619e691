// The fault plan: which call or task fails, is late, or kills its process.
//
//   YR_FAKE_CANN_FAULTS = a file, or the plan itself with ';' between rules. A rule is words:
//   function=aclrtMemcpyAsync device=1 at=task nth=3 action=fail code=507000
//   function=Hccl* nth=2+ probability=0.1 action=delay ms=250
//   function=HcclSend action=kill
//   seed=7
#pragma once

namespace fake_cann {

enum class FaultPoint { kCall, kTask };

// What the plan says about this occurrence: 0, or the status it must fail with. Delays and kills
// happen inside. Counting is per process; `device` is the physical index, -1 without a context.
int PlannedFault(FaultPoint point, const char* function, int device);

}  // namespace fake_cann
