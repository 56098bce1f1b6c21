// Included by the compiler before each file of a layer (cmake/anabranch.cmake): every copy of
// memory in its object, also of a whole value or in a template of the standard library, is made by
// copies.h. Other objects of the program keep the functions of the C library.
#pragma once

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, __SIZE_TYPE__ size) noexcept
    __asm__("anabranch_memcpy");
void* memmove(void* to, const void* from, __SIZE_TYPE__ size) noexcept __asm__("anabranch_memmove");
}
