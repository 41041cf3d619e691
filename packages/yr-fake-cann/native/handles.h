// Opaque handles. Values are never reused, so a handle used after its destruction is recognised
// instead of reaching whatever lives there now.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace fake_cann {

template <class T>
class HandleTable {
public:
    explicit HandleTable(uintptr_t family) : next_(family << 40) {}

    void* Add(std::shared_ptr<T> object)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        next_ += 64;
        objects_.emplace(next_, std::move(object));
        return reinterpret_cast<void*>(next_);
    }

    std::shared_ptr<T> Find(const void* handle)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }

    std::shared_ptr<T> Remove(const void* handle)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        if (found == objects_.end()) return nullptr;
        std::shared_ptr<T> object = std::move(found->second);
        objects_.erase(found);
        return object;
    }

    template <class Visit>
    void ForEach(Visit visit)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        for (auto& entry : objects_) visit(entry.second);
    }

private:
    std::mutex mutex_;
    uintptr_t next_;
    std::unordered_map<uintptr_t, std::shared_ptr<T>> objects_;
};

}  // namespace fake_cann
