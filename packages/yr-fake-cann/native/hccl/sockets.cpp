#include "sockets.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "../settings.h"

namespace fake_cann {
namespace {

Socket NewSocket() { return Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

sockaddr_in SystemAddress(const Endpoint& endpoint)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = endpoint.address;
    address.sin_port = endpoint.port;
    return address;
}

bool Ready(const Socket& socket, short events, Clock::time_point deadline)
{
    while (true) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left < 0) return false;
        pollfd poll_one{socket.get(), events, 0};
        int ready = poll(&poll_one, 1, static_cast<int>(left < 1000 ? left + 1 : 1000));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

bool BindAndListen(const Socket& socket, uint32_t address, int port)
{
    sockaddr_in where = SystemAddress({address, htons(static_cast<uint16_t>(port))});
    return !bind(socket.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) && !listen(socket.get(), 128);
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept
{
    Reset();
    descriptor_ = other.Release();
    return *this;
}

int Socket::Release()
{
    int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor;
}

void Socket::Reset()
{
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
}

Socket Listen(Endpoint& endpoint)
{
    const Settings& settings = TheSettings();
    static std::atomic<unsigned> turn{static_cast<unsigned>(getpid()) * 7};
    if (inet_pton(AF_INET, settings.address.c_str(), &endpoint.address) != 1) RefuseSetting("HCCL_IF_IP", settings.address, "an IPv4 address");
    int ports = settings.lastPort - settings.firstPort + 1;
    for (int i = 0; i < ports; i++) {
        Socket socket = NewSocket();
        int port = settings.firstPort ? settings.firstPort + static_cast<int>(turn++ % static_cast<unsigned>(ports)) : 0;
        if (!BindAndListen(socket, endpoint.address, port)) continue;
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
        endpoint.port = bound.sin_port;
        return socket;
    }
    return Socket();
}

Socket Accept(const Socket& listener, Clock::time_point deadline)
{
    if (!Ready(listener, POLLIN, deadline)) return Socket();
    return Socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

Socket Connect(const Endpoint& endpoint, Clock::time_point deadline)
{
    sockaddr_in address = SystemAddress(endpoint);
    while (Clock::now() < deadline) {
        Socket socket = NewSocket();
        if (!connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address)) {
            int on = 1;
            setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return socket;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return Socket();
}

bool WriteAll(const Socket& socket, const void* bytes, size_t count, Clock::time_point deadline)
{
    for (auto at = static_cast<const char*>(bytes); count;) {
        if (!Ready(socket, POLLOUT, deadline)) return false;
        ssize_t sent = send(socket.get(), at, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (sent > 0) at += sent, count -= static_cast<size_t>(sent);
    }
    return true;
}

bool ReadAll(const Socket& socket, void* bytes, size_t count, Clock::time_point deadline)
{
    for (auto at = static_cast<char*>(bytes); count;) {
        if (!Ready(socket, POLLIN, deadline)) return false;
        ssize_t got = recv(socket.get(), at, count, MSG_DONTWAIT);
        if (!got || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
        if (got > 0) at += got, count -= static_cast<size_t>(got);
    }
    return true;
}

}  // namespace fake_cann
