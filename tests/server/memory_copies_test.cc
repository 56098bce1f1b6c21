#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>

#include "tests/seed.h"

// The program of this test has the copies of the server, if that has any.
namespace anabranch::server::memory_copies_test {
namespace {

// Pointers that the compiler does not see through: it would copy short pieces itself.
void* (*volatile copy)(void*, const void*, std::size_t) = std::memcpy;
void* (*volatile move)(void*, const void*, std::size_t) = std::memmove;

std::string random_bytes(std::size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// The bytes after a move within them, one after the other.
std::string moved(const std::string& bytes, std::size_t to, std::size_t from, std::size_t size) {
  std::string after = bytes;
  for (std::size_t i = 0; i < size; ++i) after[to + i] = bytes[from + i];
  return after;
}

// Memory between two pages that may not be touched.
class Fenced {
 public:
  Fenced() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    void* const all = ::mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(all != MAP_FAILED);
    all_ = static_cast<char*>(all);
    REQUIRE(::mprotect(all_ + page_, page_, PROT_READ | PROT_WRITE) == 0);
  }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;
  ~Fenced() { ::munmap(all_, 3 * page_); }

  [[nodiscard]] char* begin() const { return all_ + page_; }
  [[nodiscard]] char* end() const { return all_ + 2 * page_; }

 private:
  std::size_t page_;
  char* all_ = nullptr;
};

TEST_CASE("memory is copied whole, and nothing beside it is read or written") {
  std::mt19937_64 random(test::seed());
  const Fenced from;
  const Fenced to;
  for (std::size_t size = 0; size <= 700; ++size) {
    const std::string bytes = random_bytes(size, random);
    for (const bool at_end : {false, true}) {
      char* const source = at_end ? from.end() - size : from.begin();
      char* const target = at_end ? to.end() - size : to.begin();
      for (std::size_t i = 0; i < size; ++i) source[i] = bytes[i];
      for (char* each = to.begin(); each != to.end(); ++each) *each = 'x';
      REQUIRE(copy(target, source, size) == target);
      REQUIRE(std::string(target, size) == bytes);
      std::size_t touched = 0;
      for (const char* each = to.begin(); each != to.end(); ++each) {
        touched += (each < target || each >= target + size) && *each != 'x' ? 1 : 0;
      }
      REQUIRE(touched == 0);
    }
  }
}

TEST_CASE("memory is moved whole where both parts overlap") {
  std::mt19937_64 random(test::seed());
  for (std::size_t size = 0; size <= 400; ++size) {
    for (int i = 0; i < 30; ++i) {
      std::string bytes = random_bytes(900, random);
      const std::size_t from = random() % (bytes.size() - size + 1);
      const std::size_t near = from + random() % 130;  // Mostly they overlap.
      const std::size_t to = std::min(near - std::min<std::size_t>(near, 65), bytes.size() - size);
      const std::string expected = moved(bytes, to, from, size);
      REQUIRE(move(bytes.data() + to, bytes.data() + from, size) == bytes.data() + to);
      REQUIRE(bytes == expected);
    }
  }
}

TEST_CASE("large pieces of memory are copied and moved whole") {
  std::mt19937_64 random(test::seed());
  for (int i = 0; i < 50; ++i) {
    const std::size_t size = random() % 300'000;
    std::string bytes = random_bytes(size + 5'000, random);
    std::string target(size, '\0');
    copy(target.data(), bytes.data() + 1, size);
    REQUIRE(target == bytes.substr(1, size));
    const std::size_t from = random() % 5'000;
    const std::size_t to = random() % 5'000;
    const std::string expected = moved(bytes, to, from, size);
    move(bytes.data() + to, bytes.data() + from, size);
    REQUIRE(bytes == expected);
  }
}

}  // namespace
}  // namespace anabranch::server::memory_copies_test
