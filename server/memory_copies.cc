// memcpy and memmove of the libraries of this program, in place of those of the C library: the
// copies that its own objects make, too (core/memory/copies.cc says why).
#include "core/memory/copies.h"

extern "C" {

void* memcpy_of_program(void* __restrict to, const void* __restrict from, std::size_t size) noexcept
    __asm__("memcpy");
void* memmove_of_program(void* to, const void* from, std::size_t size) noexcept __asm__("memmove");

void* memcpy_of_program(void* __restrict to, const void* __restrict from,
                        std::size_t size) noexcept {
  return anabranch_memcpy(to, from, size);
}
void* memmove_of_program(void* to, const void* from, std::size_t size) noexcept {
  return anabranch_memmove(to, from, size);
}
}
