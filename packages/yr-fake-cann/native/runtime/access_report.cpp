// In strict mode the host faults when it touches device memory. Before the process dies of it, this
// names the address and the allocation; then whatever handled the signal before takes over.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "../settings.h"
#include "memory.h"

using namespace fake_cann;

namespace {

struct sigaction g_previous;

// The fault comes from the host's own code, which holds none of our locks.
void Report(int number, siginfo_t* info, void* context)
{
    Location location = Locate(info->si_addr, 1);
    if (location.bytes) {
        char description[256], line[384];
        DescribeInto(description, sizeof description, info->si_addr, location);
        int length = snprintf(line, sizeof line, "yr-fake-cann: the host touched device memory: %s\n", description);
        if (write(2, line, static_cast<size_t>(length)) < 0) _exit(128 + number);
    }
    if (g_previous.sa_flags & SA_SIGINFO) return g_previous.sa_sigaction(number, info, context);
    if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) return g_previous.sa_handler(number);
    signal(number, SIG_DFL);  // the access is repeated and ends the process
}

__attribute__((constructor)) void Install()
{
    if (!TheSettings().strict) return;
    struct sigaction action{};
    action.sa_sigaction = Report;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &g_previous);
}

}  // namespace
