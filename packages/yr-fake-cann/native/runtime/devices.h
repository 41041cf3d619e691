// The logical devices of this process: the physical NPUs of the machine, filtered and renumbered by
// ASCEND_RT_VISIBLE_DEVICES, and the current one of each thread.
#pragma once

#include <memory>

namespace fake_cann {

class Stream;

struct Device {
    int logical;
    int physical;
    std::shared_ptr<Stream> defaultStream;
};

int DeviceCount();
Device* DeviceAt(int logical);  // nullptr: no such device
Device* CurrentDevice();        // nullptr: this thread has set none, and there is no default
void SetDefaultDevice(int logical);
int UnknownDevice(const char* function, int logical);
int NoContext(const char* function);

}  // namespace fake_cann
