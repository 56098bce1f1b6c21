#include "core/memory/copies.h"

// On processors with AVX-512 the C library copies by registers of 64 bytes. Most stores of such a
// register lie in two lines of the cache, and a load that follows cannot take its bytes from them
// while they are under way: it waits until they have reached the cache. A SET, which copies a key
// and a value of some 100 bytes several times, spent a sixth of its time so. Stores of 16 bytes
// have no such wait, and copy long pieces as quickly. (ClickHouse has copies of its own, too.)
#include <cstdint>

// Else GCC would make a call of memcpy of its loop.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

namespace {

// Bytes at any address, of any type.
template <typename Type>
struct [[gnu::packed, gnu::may_alias]] At {
  Type value;
};
using Bytes16 = long long __attribute__((vector_size(16)));

template <typename Type>
Type load(const char* from) {
  return reinterpret_cast<const At<Type>*>(from)->value;
}
template <typename Type>
void store(char* to, Type value) {
  reinterpret_cast<At<Type>*>(to)->value = value;
}

// Copies the first and the last so many bytes, which may overlap; all are loaded before any is
// stored.
template <typename Type>
void copy_ends(char* to, const char* from, std::size_t size) {
  const auto first = load<Type>(from);
  const auto last = load<Type>(from + size - sizeof(Type));
  store(to, first);
  store(to + size - sizeof(Type), last);
}

struct Bytes64 {
  Bytes16 parts[4];
};
[[gnu::always_inline]] inline Bytes64 load64(const char* from) {
  return {{load<Bytes16>(from), load<Bytes16>(from + 16), load<Bytes16>(from + 32),
           load<Bytes16>(from + 48)}};
}
[[gnu::always_inline]] inline void store64(char* to, const Bytes64& bytes) {
  store(to, bytes.parts[0]);
  store(to + 16, bytes.parts[1]);
  store(to + 32, bytes.parts[2]);
  store(to + 48, bytes.parts[3]);
}

// Copies at most 128 bytes, from and to memory that may overlap.
[[gnu::always_inline]] inline void copy_short(char* to, const char* from, std::size_t size) {
  if (size > 64) {
    const Bytes64 first = load64(from);
    const Bytes64 last = load64(from + size - 64);
    store64(to, first);
    store64(to + size - 64, last);
  } else if (size > 32) {
    const auto a = load<Bytes16>(from);
    const auto b = load<Bytes16>(from + 16);
    const auto c = load<Bytes16>(from + size - 32);
    const auto d = load<Bytes16>(from + size - 16);
    store(to, a);
    store(to + 16, b);
    store(to + size - 32, c);
    store(to + size - 16, d);
  } else if (size >= 16) {
    copy_ends<Bytes16>(to, from, size);
  } else if (size >= 8) {
    copy_ends<std::uint64_t>(to, from, size);
  } else if (size >= 4) {
    copy_ends<std::uint32_t>(to, from, size);
  } else if (size >= 2) {
    copy_ends<std::uint16_t>(to, from, size);
  } else if (size == 1) {
    *to = *from;
  }
}

constexpr std::size_t kShort = 128;
constexpr std::size_t kStep = 64;

// Copies more than kShort bytes, from the first to the last: the target may overlap the source, but
// must not begin within it.
void copy_upwards(char* to, const char* from, std::size_t size) {
  const Bytes64 last = load64(from + size - kStep);
  char* const last_to = to + size - kStep;
  for (; size > kStep; size -= kStep, from += kStep, to += kStep) store64(to, load64(from));
  store64(last_to, last);
}

// The same from the last to the first: for a target that begins within its source.
void copy_downwards(char* to, const char* from, std::size_t size) {
  const Bytes64 first = load64(from);
  for (; size > kStep; size -= kStep) store64(to + size - kStep, load64(from + size - kStep));
  store64(to, first);
}

}  // namespace

void* anabranch_memmove(void* to, const void* from, std::size_t size) {
  auto* const target = static_cast<char*>(to);
  const auto* const source = static_cast<const char*>(from);
  if (size <= kShort) {
    copy_short(target, source, size);
  } else if (reinterpret_cast<std::uintptr_t>(target) - reinterpret_cast<std::uintptr_t>(source) <
             size) {
    copy_downwards(target, source, size);
  } else {
    copy_upwards(target, source, size);
  }
  return to;
}

void* anabranch_memcpy(void* __restrict to, const void* __restrict from, std::size_t size) {
  auto* const target = static_cast<char*>(to);
  const auto* const source = static_cast<const char*>(from);
  if (size <= kShort) {
    copy_short(target, source, size);
  } else {
    copy_upwards(target, source, size);
  }
  return to;
}
