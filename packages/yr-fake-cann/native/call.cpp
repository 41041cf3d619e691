#include "call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

namespace fake_cann {
// Plain bytes: threads of the caller still come in while the process exits.
static thread_local char t_message[1024];
static thread_local const char* t_situation = "";

void SetLastError(const std::string& message, const char* situation)
{
    snprintf(t_message, sizeof t_message, "%s", message.c_str());
    t_situation = situation;
}

const char* LastError() { return t_message; }

const char* LastSituation() { return t_situation; }

void ForgetSituation() { t_situation = ""; }

static void SetFormattedError(const char* situation, const char* format, va_list arguments)
{
    char text[768];
    vsnprintf(text, sizeof text, format, arguments);
    SetLastError(std::string("yr-fake-cann: ") + text, situation);
}

int Fail(int status, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    SetFormattedError("", format, arguments);
    va_end(arguments);
    return status;
}

int FailIn(const char* situation, int status, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    SetFormattedError(situation, format, arguments);
    va_end(arguments);
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
