#include "event_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

namespace fake_cann {
namespace {

constexpr size_t kBytes = EventTable::kSlots * sizeof(EventSlot);
constexpr char kName[] = "yr_fake_cann_events", kLink[] = "/memfd:yr_fake_cann_events (deleted)";

struct Tables {
    std::mutex mutex;
    std::shared_ptr<EventTable> own;
    std::map<std::pair<dev_t, ino_t>, std::weak_ptr<EventTable>> mapped;
};

Tables& TheTables()
{
    static Tables& tables = *new Tables;
    return tables;
}

std::shared_ptr<EventTable> Map(Tables& tables, int file, int process, int descriptor)
{
    struct stat status {};
    if (fstat(file, &status) || status.st_size != static_cast<off_t>(kBytes)) return nullptr;
    std::weak_ptr<EventTable>& known = tables.mapped[{status.st_dev, status.st_ino}];
    if (std::shared_ptr<EventTable> table = known.lock()) return table;
    void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto table = std::make_shared<EventTable>(static_cast<EventSlot*>(memory), process, descriptor);
    known = table;
    return table;
}

// Another kind of file is not opened: that may have effects, or not return.
int OpenPeer(int process, int descriptor)
{
    char path[48], link[sizeof kLink + 1] = {};
    snprintf(path, sizeof path, "/proc/%d/fd/%d", process, descriptor);
    if (readlink(path, link, sizeof link - 1) < 0 || strcmp(link, kLink)) return -1;
    return open(path, O_RDWR | O_CLOEXEC);
}

void MakeMutex(pthread_mutex_t& mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

uint64_t NewIdentity()
{
    uint64_t identity = 0;
    while (!identity && getrandom(&identity, sizeof identity, 0) < 0 && errno == EINTR) {
    }
    return identity;
}

}  // namespace

SlotLock::SlotLock(EventSlot& slot) : slot_(slot)
{
    if (pthread_mutex_lock(&slot.mutex) == EOWNERDEAD) pthread_mutex_consistent(&slot.mutex);
}

std::shared_ptr<EventTable> EventTable::Own()
{
    Tables& tables = TheTables();
    std::lock_guard<std::mutex> lock(tables.mutex);
    if (tables.own && tables.own->process == getpid()) return tables.own;
    tables.own = nullptr;
    int file = memfd_create(kName, MFD_CLOEXEC);
    if (file < 0) return nullptr;
    if (!ftruncate(file, static_cast<off_t>(kBytes))) tables.own = Map(tables, file, getpid(), file);
    if (!tables.own) close(file);
    return tables.own;
}

std::shared_ptr<EventTable> EventTable::Of(int process, int descriptor)
{
    int file = OpenPeer(process, descriptor);
    if (file < 0) return nullptr;
    Tables& tables = TheTables();
    std::lock_guard<std::mutex> lock(tables.mutex);
    for (auto known = tables.mapped.begin(); known != tables.mapped.end();)
        known = known->second.expired() ? tables.mapped.erase(known) : std::next(known);
    std::shared_ptr<EventTable> table = Map(tables, file, process, descriptor);
    close(file);
    return table;
}

EventTable::~EventTable() { munmap(slots_, kBytes); }

size_t EventTable::Take()
{
    std::lock_guard<std::mutex> lock(mutex_);
    size_t index = untouched_;
    if (untouched_ < kSlots) {
        MakeMutex(slots_[untouched_++].mutex);
    } else {
        if (retired_.empty()) return kSlots;
        index = retired_.front();
        retired_.pop_front();
    }
    EventSlot& slot = slots_[index];
    SlotLock locked(slot);
    slot.identity = NewIdentity();
    slot.recorded = 0;
    memset(slot.recordings, 0, sizeof slot.recordings);
    slot.live = true;
    slot.changes++;
    return index;
}

void EventTable::Retire(size_t index)
{
    std::lock_guard<std::mutex> lock(mutex_);
    {
        SlotLock locked(slots_[index]);
        slots_[index].live = false;
    }
    retired_.push_back(index);
}

}  // namespace fake_cann
