// Conflict resolvers as WebAssembly modules, in C or C++: include this header in one file and write
//
//   anabranch_answer anabranch_resolve(const anabranch_conflict* conflict);
//
// It chooses the value to show for concurrent values of one key. Compile it with clang and lld, or
// begin with `anabranch plugin new NAME`:
//
//   clang --target=wasm32 -mcpu=mvp -O2 -nostdlib -o NAME.wasm NAME.c
//     -Wl,--no-entry,--stack-first,-z,stack-size=32768,--strip-all
//
// Every region runs the same module with the same input, so all of them show the same value. There
// is no libc, no import and no floating point; the memory is new for each call. A module that
// traps, runs out of fuel or answers with bytes outside of its memory leaves the decision to the
// last written. The number of this interface is 1: it stands in the name of an export and never
// changes its meaning.
#pragma once

#ifndef __wasm32__
#error "This header is for modules: compile with clang --target=wasm32."
#endif

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of any kind, without a zero at the end. `data` is null for bytes that are not there.
typedef struct {
  const char* data;
  uint32_t size;
} anabranch_bytes;

// One of the concurrent values.
typedef struct {
  anabranch_bytes value;
  anabranch_bytes base;    // The value that it replaced; not there unless the policy keeps bases.
  anabranch_bytes region;  // Region of the write; empty when the rows do not tell.
  int64_t time_ms;         // Time of the write by the clock of its region: ms since 1970.
} anabranch_sibling;

typedef struct {
  anabranch_bytes key;
  anabranch_bytes prefix;             // Of the policy that named this module.
  char type;                          // Of the value: 's' a string, 'l' an element of a list, ...
  const anabranch_bytes* path;        // Names below the key: fields of maps, then the element.
  uint32_t path_size;                 // 0 for a string at the key itself.
  const anabranch_sibling* siblings;  // The last one was written last.
  uint32_t count;                     // At least 2.
} anabranch_conflict;

typedef struct {
  const char* data;
  uint32_t size;  // At most 1 MiB.
  int declined;   // Not 0: the last written is shown, and the bytes mean nothing.
} anabranch_answer;

// The author's function. Called once in the life of the module's memory.
anabranch_answer anabranch_resolve(const anabranch_conflict* conflict);

// Returns the answer that shows these bytes.
static inline anabranch_answer anabranch_show(anabranch_bytes bytes) {
  anabranch_answer answer = {bytes.data, bytes.size, 0};
  return answer;
}

// Returns the answer that leaves the decision to the last written.
static inline anabranch_answer anabranch_decline(void) {
  anabranch_answer answer = {0, 0, 1};
  return answer;
}

// ---- The rest is the same in every module: the exports, and functions that compilers call.

#define ANABRANCH_EXPORT(name) __attribute__((export_name(name), used, visibility("default")))
#define ANABRANCH_LIBRARY(name) __attribute__((weak, no_builtin(name)))

// The first byte behind the data of the module, by the linker.
extern unsigned char __heap_base;
static unsigned char* anabranch_free_ = &__heap_base;

// Returns `size` bytes, aligned to 8, that last until the end of the call and cannot be given back.
// Traps where the memory of 16 MiB is used up.
ANABRANCH_EXPORT("alloc") void* anabranch_alloc(uint32_t size) {
  const uint64_t at = ((uint64_t)(uintptr_t)anabranch_free_ + 7) & ~(uint64_t)7;
  const uint64_t end = at + size;
  const uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) << 16;
  if (end > UINT32_MAX) __builtin_trap();
  if (end > have) {
    const size_t pages = (size_t)((end - have + 0xffff) >> 16);
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) __builtin_trap();
  }
  anabranch_free_ = (unsigned char*)(uintptr_t)end;
  return (void*)(uintptr_t)at;
}

static uint32_t anabranch_read_u32_(const unsigned char** at) {
  uint32_t number;
  __builtin_memcpy(&number, *at, 4);
  *at += 4;
  return number;
}

static anabranch_bytes anabranch_read_bytes_(const unsigned char** at) {
  anabranch_bytes bytes;
  bytes.size = anabranch_read_u32_(at);
  bytes.data = bytes.size == UINT32_MAX ? 0 : (const char*)*at;
  if (bytes.data == 0) bytes.size = 0;
  *at += bytes.size;
  return bytes;
}

// Reads the input, in the order of its bytes.
ANABRANCH_EXPORT("anabranch_resolve_1")
uint64_t anabranch_entry_(const unsigned char* at, uint32_t size) {
  (void)size;
  anabranch_conflict conflict;
  conflict.count = anabranch_read_u32_(&at);
  conflict.key = anabranch_read_bytes_(&at);
  conflict.prefix = anabranch_read_bytes_(&at);
  conflict.type = (char)anabranch_read_u32_(&at);
  conflict.path_size = anabranch_read_u32_(&at);
  anabranch_bytes* const path =
      (anabranch_bytes*)anabranch_alloc(conflict.path_size * (uint32_t)sizeof(anabranch_bytes));
  for (uint32_t i = 0; i < conflict.path_size; ++i) path[i] = anabranch_read_bytes_(&at);
  conflict.path = path;
  anabranch_sibling* const siblings =
      (anabranch_sibling*)anabranch_alloc(conflict.count * (uint32_t)sizeof(anabranch_sibling));
  for (uint32_t i = 0; i < conflict.count; ++i) {
    __builtin_memcpy(&siblings[i].time_ms, at, 8);
    at += 8;
    siblings[i].region = anabranch_read_bytes_(&at);
    siblings[i].base = anabranch_read_bytes_(&at);
    siblings[i].value = anabranch_read_bytes_(&at);
  }
  conflict.siblings = siblings;
  const anabranch_answer answer = anabranch_resolve(&conflict);
  return answer.declined ? UINT64_MAX : (uint64_t)(uintptr_t)answer.data << 32 | answer.size;
}

ANABRANCH_LIBRARY("memcpy") void* memcpy(void* to, const void* from, size_t size) {
  unsigned char* target = (unsigned char*)to;
  const unsigned char* source = (const unsigned char*)from;
  for (; size >= 8; size -= 8, target += 8, source += 8) __builtin_memcpy(target, source, 8);
  while (size-- > 0) *target++ = *source++;
  return to;
}

ANABRANCH_LIBRARY("memmove") void* memmove(void* to, const void* from, size_t size) {
  unsigned char* target = (unsigned char*)to;
  const unsigned char* source = (const unsigned char*)from;
  if ((uintptr_t)target <= (uintptr_t)source) return memcpy(to, from, size);
  while (size-- > 0) target[size] = source[size];
  return to;
}

ANABRANCH_LIBRARY("memset") void* memset(void* to, int byte, size_t size) {
  unsigned char* target = (unsigned char*)to;
  while (size-- > 0) *target++ = (unsigned char)byte;
  return to;
}

ANABRANCH_LIBRARY("memcmp") int memcmp(const void* left, const void* right, size_t size) {
  const unsigned char* a = (const unsigned char*)left;
  const unsigned char* b = (const unsigned char*)right;
  for (; size >= 8; size -= 8, a += 8, b += 8) {
    uint64_t of_a, of_b;
    __builtin_memcpy(&of_a, a, 8);
    __builtin_memcpy(&of_b, b, 8);
    if (of_a != of_b) break;
  }
  for (; size > 0; --size, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

#ifdef __cplusplus
}
#endif
