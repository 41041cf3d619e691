/* Preloaded: answers the glob of /dev/davinci* with which the datasystem's client looks for NPUs, one
 * name for each emulated one. Every other pattern goes to the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Glob(const char*, int, int (*)(const char*, int), glob_t*);

static Glob* NextGlob(void)
{
    static Glob* next;
    if (!next) next = (Glob*)dlsym(RTLD_NEXT, "glob");
    return next;
}

static int DeviceNames(int flags, glob_t* found)
{
    const char* setting = getenv("YR_FAKE_CANN_DEVICES");
    int devices = setting && *setting ? atoi(setting) : 8;
    int status = GLOB_NOMATCH;
    for (int i = 0; i < devices; i++) {
        char name[32];
        snprintf(name, sizeof name, "/dev/davinci%d", i);
        /* NOCHECK gives the pattern itself back, allocated as globfree expects. */
        status = NextGlob()(name, flags | GLOB_NOCHECK | (i ? GLOB_APPEND : 0), NULL, found);
        if (status) break;
    }
    return status;
}

__attribute__((visibility("default"))) int glob(const char* pattern, int flags, int (*error)(const char*, int), glob_t* found)
{
    if (!strncmp(pattern, "/dev/davinci", strlen("/dev/davinci"))) return DeviceNames(flags, found);
    return NextGlob()(pattern, flags, error, found);
}
