// Assertions that stay on in every build: a broken invariant of a replicated store must stop this
// region before it writes, or the damage spreads to the others.
#pragma once

namespace anabranch::core {

// Prints the expression and the place to standard error and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace anabranch::core

// Aborts with the expression unless it holds. On in every build, for programmer errors only.
#define ANABRANCH_ASSERT(expression)   \
  ((expression) ? static_cast<void>(0) \
                : ::anabranch::core::assertion_failed(#expression, __FILE__, __LINE__))
