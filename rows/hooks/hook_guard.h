// The mark of a thread that is inside a hook. A hook decides by its input alone, so that it decides
// alike everywhere: it may not use a store, whose functions call check_outside_hooks().
#pragma once

namespace anabranch::rows {

// While it exists, this thread is inside a hook.
class InsideHook {
 public:
  InsideHook() : before_(here()) { here() = true; }
  ~InsideHook() { here() = before_; }
  InsideHook(const InsideHook&) = delete;
  InsideHook& operator=(const InsideHook&) = delete;

  // Whether this thread is inside a hook. Nearly free.
  [[nodiscard]] static bool& here() {
    static thread_local constinit bool here = false;
    return here;
  }

 private:
  bool before_;
};

// Throws Error{kInvalid}.
[[noreturn]] void refuse_inside_hooks();
// Throws Error{kInvalid} inside a hook.
inline void check_outside_hooks() {
  if (InsideHook::here()) refuse_inside_hooks();
}

}  // namespace anabranch::rows
