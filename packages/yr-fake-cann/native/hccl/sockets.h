// TCP with deadlines, for the emulated HCCL.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../trace.h"

namespace fake_cann {

struct Endpoint {
    uint32_t address;  // network order, as is the port
    uint16_t port;
};

// A file descriptor that closes itself.
class Socket {
public:
    explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(other.Release()) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { Reset(); }

    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }
    int Release();
    void Reset();

private:
    int descriptor_;
};

Socket Listen(Endpoint& endpoint);  // on HCCL_IF_IP, at a port of YR_FAKE_CANN_PORTS
Socket Accept(const Socket& listener, Clock::time_point deadline);
Socket Connect(const Endpoint& endpoint, Clock::time_point deadline);  // tries until the deadline
bool WriteAll(const Socket& socket, const void* bytes, size_t count, Clock::time_point deadline);
bool ReadAll(const Socket& socket, void* bytes, size_t count, Clock::time_point deadline);

}  // namespace fake_cann
