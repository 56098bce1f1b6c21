// memcpy and memmove of this library's own, for x86-64. Thread-safe.
#pragma once

#include <cstddef>

extern "C" {

[[gnu::visibility("hidden")]] void* anabranch_memcpy(void* __restrict to,
                                                     const void* __restrict from, std::size_t size);
[[gnu::visibility("hidden")]] void* anabranch_memmove(void* to, const void* from, std::size_t size);
}
