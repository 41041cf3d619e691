// MSTX: marks and ranges that a program puts around its work. They stand in the trace, with their
// messages, as calls of the thread that made them; no tool reads them from the device.
//
// Names and arguments are those of MindStudio's reference of the mstx API.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "../call.h"
#include "../handles.h"

using namespace fake_cann;

namespace {

constexpr uint64_t kNoRange = 0;
constexpr char kDefaultDomain[] = "default";

HandleTable<std::string>& Domains()
{
    static HandleTable<std::string>& domains = *new HandleTable<std::string>(0xD0);
    return domains;
}

std::string NameOf(const void* domain)
{
    std::shared_ptr<std::string> name = Domains().Find(domain);
    return name ? *name : kDefaultDomain;
}

// What a call was given: the words, whose they are, and where in the work of a device they stand.
struct Label {
    const char* message;
    std::string domain;
    const void* stream;
};

int NoMessage(const char* function) { return Fail(kInvalidParameter, "%s: no message", function); }

int Mark(const char* function, const Label& label)
{
    Arguments arguments = {{"message", Text{label.message}}, {"domain", Text{label.domain.c_str()}}, {"stream", label.stream}};
    return Enter(function, arguments, [&] { return label.message ? kOk : NoMessage(function); });
}

uint64_t Begin(const char* function, const Label& label)
{
    static std::atomic<uint64_t> last{kNoRange};
    uint64_t range = ++last;
    Arguments arguments = {
        {"message", Text{label.message}}, {"domain", Text{label.domain.c_str()}}, {"stream", label.stream}, {"range", range}};
    int status = Enter(function, arguments, [&] { return label.message ? kOk : NoMessage(function); });
    return status ? kNoRange : range;
}

void End(const char* function, uint64_t range)
{
    Enter(function, {{"range", range}}, [] { return kOk; });
}

}  // namespace

CANN_API int aclprofMarkEx(const char* message, size_t length, void* stream)
{
    std::string words = message ? std::string(message, length) : std::string();
    return Mark(__func__, {message ? words.c_str() : nullptr, kDefaultDomain, stream});
}

CANN_API void mstxMarkA(const char* message, void* stream) { Mark(__func__, {message, kDefaultDomain, stream}); }

CANN_API uint64_t mstxRangeStartA(const char* message, void* stream)
{
    return Begin(__func__, {message, kDefaultDomain, stream});
}

CANN_API void mstxRangeEnd(uint64_t range) { End(__func__, range); }

CANN_API void* mstxDomainCreateA(const char* name)
{
    return name ? Domains().Add(std::make_shared<std::string>(name)) : nullptr;
}

CANN_API void mstxDomainDestroy(void* domain) { Domains().Remove(domain); }

CANN_API void mstxDomainMarkA(void* domain, const char* message, void* stream)
{
    Mark(__func__, {message, NameOf(domain), stream});
}

CANN_API uint64_t mstxDomainRangeStartA(void* domain, const char* message, void* stream)
{
    return Begin(__func__, {message, NameOf(domain), stream});
}

CANN_API void mstxDomainRangeEnd(void*, uint64_t range) { End(__func__, range); }

// What a tool that checks memory is told of an allocator's pools; none is here to listen.
CANN_API void* mstxMemHeapRegister(void*, const void*) { return nullptr; }

CANN_API void mstxMemHeapUnregister(void*, void*) {}

CANN_API void mstxMemRegionsRegister(void*, const void*) {}

CANN_API void mstxMemRegionsUnregister(void*, const void*) {}
