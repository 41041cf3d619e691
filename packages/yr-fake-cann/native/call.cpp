#include "call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

namespace fake_cann {
// Plain bytes: threads of the caller still come in while the process exits.
static thread_local char t_message[1024];

void SetLastError(const std::string& message) { snprintf(t_message, sizeof t_message, "%s", message.c_str()); }

const char* LastError() { return t_message; }

int Fail(int status, const char* format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    SetLastError(std::string("yr-fake-cann: ") + text);
    return status;
}

int FailAsPlanned(int status, const char* function)
{
    return Fail(status, "%s failed with %d as YR_FAKE_CANN_FAULTS says", function, status);
}

int CallingThread() { return static_cast<int>(syscall(SYS_gettid)); }

}  // namespace fake_cann

// aclGetRecentErrMsg: the reason of this thread's last failed call.
CANN_API const char* aclGetRecentErrMsg() { return fake_cann::LastError(); }
