#include "process_life.h"

#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace fake_cann {
namespace {

struct Stat {
    char state;  // 0: there is no such process
    uint64_t begun;
};

// The name of the program, in parentheses, may hold anything: what is read begins behind its end.
Stat ReadStat(int process)
{
    char path[32], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE* file = fopen(path, "re");
    if (!file) return {errno == ENOENT || errno == ESRCH ? char{0} : '?', 0};
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    const char* behind = strrchr(line, ')');
    Stat stat{0, 0};
    if (behind)
        sscanf(behind + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
               &stat.state, &stat.begun);
    return stat;
}

}  // namespace

ProcessLife ThisProcess()
{
    static thread_local ProcessLife itself{0, 0};
    if (itself.process != getpid()) itself = {getpid(), ReadStat(getpid()).begun};  // also after a fork
    return itself;
}

bool Lives(const ProcessLife& life)
{
    Stat stat = ReadStat(life.process);
    if (stat.state == '?') return true;
    return stat.state && !strchr("ZXx", stat.state) && stat.begun == life.begun;
}

}  // namespace fake_cann
