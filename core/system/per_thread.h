// An object of each thread that uses one: made with its first use, destroyed when the thread ends,
// behind all its thread_local objects. The object of the main thread is never destroyed.
//
// An application may use a store in the destructor of a thread_local object, and a thread_local
// object of the library might be gone by then. The system calls the destructors of keys later
// (pthread_key_create); an object that is used again after its end is made again.
#pragma once

#include <pthread.h>

#include <memory>
#include <optional>

namespace anabranch::core {

template <typename Object>
class PerThread {
 public:
  static Object& mine() {
    if (mine_ == nullptr) [[unlikely]]
      make();
    return *mine_;
  }

 private:
  static void make() {
    static const std::optional<pthread_key_t> key = make_key();
    auto made = std::make_unique<Object>();
    // A system without room for another key leaves the object behind when the thread ends.
    if (key) (void)::pthread_setspecific(*key, made.get());
    mine_ = made.release();
  }
  static std::optional<pthread_key_t> make_key() {
    pthread_key_t key = 0;
    return ::pthread_key_create(&key, destroy) == 0 ? std::optional(key) : std::nullopt;
  }
  static void destroy(void* object) {
    mine_ = nullptr;
    const std::unique_ptr<Object> gone(static_cast<Object*>(object));
  }

  static inline constinit thread_local Object* mine_ = nullptr;
};

}  // namespace anabranch::core
