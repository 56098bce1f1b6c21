// The memory of what a client sends. It grows without a copy: to double the 64 MiB of a request
// that comes in small words would be one long piece of work.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace anabranch::server {

class InputMemory {
 public:
  InputMemory() = default;
  ~InputMemory() { reset(); }
  InputMemory(const InputMemory&) = delete;
  InputMemory& operator=(const InputMemory&) = delete;

  // Null as long as there is none.
  [[nodiscard]] char* get() const { return mapped_ != nullptr ? mapped_ : small_.get(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // Gets room for so many bytes, more than before; the first `kept` stay. Throws std::bad_alloc.
  void grow(std::size_t bytes, std::size_t kept) {
    if (mapped_ == nullptr && bytes < kMapped) {
      auto larger = std::make_unique_for_overwrite<char[]>(bytes);
      if (kept > 0) std::memcpy(larger.get(), get(), kept);
      small_ = std::move(larger);
      capacity_ = bytes;
      return;
    }
    bytes = (bytes + kPage - 1) / kPage * kPage;
    void* const place = mapped_ != nullptr ? ::mremap(mapped_, capacity_, bytes, MREMAP_MAYMOVE)
                                           : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) throw std::bad_alloc();
    if (mapped_ == nullptr && kept > 0) std::memcpy(place, small_.get(), kept);
    small_.reset();
    mapped_ = static_cast<char*>(place);
    capacity_ = bytes;
  }
  void reset() {
    if (mapped_ != nullptr) ::munmap(mapped_, capacity_);
    mapped_ = nullptr;
    small_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr std::size_t kMapped = std::size_t{256} << 10U;
  static constexpr std::size_t kPage = std::size_t{64} << 10U;  // Of any system.

  std::unique_ptr<char[]> small_;  // Either this...
  char* mapped_ = nullptr;         // ...or pages of the system, so many bytes:
  std::size_t capacity_ = 0;
};

}  // namespace anabranch::server
