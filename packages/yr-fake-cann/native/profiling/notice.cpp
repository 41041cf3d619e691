#include "notice.h"

#include <atomic>
#include <cstdio>

namespace fake_cann {

void SayWhatIsNotRecorded()
{
    static std::atomic_flag said = ATOMIC_FLAG_INIT;
    if (said.test_and_set()) return;
    fputs("yr-fake-cann: a profiler records no activity of an emulated NPU, whose times would mean nothing; activity of "
          "the CPU is recorded, and YR_FAKE_CANN_TRACE shows the calls into CANN (docs/tracing.md of yr-fake-cann)\n",
          stderr);
}

}  // namespace fake_cann
