// Entry points that give an event to another process.
#include <cstring>

#include "../call.h"
#include "events.h"
#include "shared_event.h"

using namespace fake_cann;

namespace {

// aclrtIpcEventHandle, which callers pass by value and send as bytes.
struct EventHandle {
    char bytes[64];
};

}  // namespace

CANN_API int aclrtIpcGetEventHandle(void* event, EventHandle* handle)
{
    return Enter(__func__, {{"event", event}}, [&] {
        std::shared_ptr<Event> found = FindEvent(event);
        if (!found) return NoEvent("aclrtIpcGetEventHandle", event);
        auto shared = std::dynamic_pointer_cast<SharedEvent>(found);
        if (!shared)
            return Fail(kInvalidParameter, "aclrtIpcGetEventHandle: only an event of aclrtCreateEventExWithFlag with "
                                           "ACL_EVENT_IPC has a handle for other processes");
        shared->Export(handle->bytes, sizeof handle->bytes);
        return kOk;
    });
}

CANN_API int aclrtIpcOpenEventHandle(EventHandle handle, void** event)
{
    return Enter(__func__, {}, [&] {
        std::shared_ptr<SharedEvent> opened = SharedEvent::Open(handle.bytes, sizeof handle.bytes);
        if (!opened)
            return Fail(kInvalidParameter, "aclrtIpcOpenEventHandle: \"%.64s\" is no handle of an event, or the event "
                                           "was destroyed, or its process is gone or another user's", handle.bytes);
        return *event = AddEvent(std::move(opened)), kOk;
    });
}
