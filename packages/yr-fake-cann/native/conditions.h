// The condition of each NPU of the machine, which may change while processes run.
//
//   YR_FAKE_CANN_CONTROL = a file that yr_fake_cann.control writes: for each physical NPU two
//   numbers of 32 bits, a condition and the status that goes with it, in the machine's byte order.
//
// It is mapped when first asked for; without the variable every NPU is well.
#pragma once

#include "faults.h"

namespace fake_cann {

// What the condition of an NPU says about a call or a task of it: 0, or the status that it fails
// with, whose reason is the thread's last error. `device` is the physical index, -1: none.
int ConditionFault(FaultPoint point, const char* function, int device);

// Whether work of the NPU does not proceed at the moment.
bool Hangs(int device);

// Returns when the NPU does not hang any more.
void WaitWhileItHangs(int device);

// 0, or the status of an NPU that has failed; a query of its state is no work and is answered.
int FailureOf(int device);

}  // namespace fake_cann
