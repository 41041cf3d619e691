// What a profiler of an emulated NPU does not see.
#pragma once

namespace fake_cann {

// Says it on stderr, once a process; called when a profiler starts to record a device, or
// asks for its records: torch.profiler does only that where ASCEND_HOME_PATH is not set.
void SayWhatIsNotRecorded();

}  // namespace fake_cann
