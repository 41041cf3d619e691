// The scope of one call into the emulated CANN: fault plan, condition of the NPU, calibration, trace,
// and the message of its failure.
//
//   CANN_API int aclrtX(..) { return Enter(__func__, {{"bytes", n}}, [&] { ... return kOk; }); }
#pragma once

#include <string>

#include "abi.h"
#include "calibration.h"
#include "conditions.h"
#include "faults.h"
#include "trace.h"

namespace fake_cann {

// Sets what aclGetRecentErrMsg of this thread returns, and gives `status` back.
int Fail(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));
// The same, with a name for what is wrong where a function has one status for several mistakes; names
// stand in calibration files. It must live as long as the process.
int FailIn(const char* situation, int status, const char* format, ...) __attribute__((format(printf, 3, 4)));
void SetLastError(const std::string& message, const char* situation = "");
const char* LastError();
const char* LastSituation();
void ForgetSituation();

int CallingDevice();  // physical index of the thread's current device, -1: none
int CallingThread();

int FailAsPlanned(int status, const char* function);

// The status of a call as the calibration has it. Queries that are called again and again are only that:
// neither planned to fail nor traced.
template <class Body>
int Answer(const char* function, Body&& body)
{
    ForgetSituation();
    int status = body();
    return Calibrated(function, LastSituation(), status);
}

template <class Body>
int Enter(const char* function, Arguments arguments, Body&& body)
{
    TraceRecord record{"call", function, CallingDevice(), 0, Clock::now(), 0};
    int planned = PlannedFault(FaultPoint::kCall, function, record.device);
    int condition = planned ? kOk : ConditionFault(FaultPoint::kCall, function, record.device);
    record.status = planned ? FailAsPlanned(planned, function) : condition ? condition : Answer(function, body);
    if (Tracing()) {
        record.lane = CallingThread();
        WriteTrace(record, arguments);
    }
    return record.status;
}

}  // namespace fake_cann
