// One question to a hook, a function of the process or a module: the sentences about it, and the
// time that it takes. Cheap to construct; texts are made where something is wrong.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include <anabranch/error.h>

#include "core/path.h"
#include "rows/hooks/hook_alarms.h"
#include "rows/row_text.h"

namespace anabranch::rows {

class HookQuestion {
 public:
  enum class Hook : std::uint8_t { kFunction, kModule };

  // `name` is that of the hook, and `row` has the components of the row's path. All references must
  // outlive it.
  HookQuestion(Hook hook, std::string_view name, const core::Components& row, HookAlarms& alarms)
      : hook_(hook), name_(name), row_(row), alarms_(alarms) {}

  // Calls ask() and returns its result; raises an alarm if it takes long. Throws Error{kNoMemory}
  // for std::bad_alloc.
  template <typename Ask>
  auto timed(const Ask& ask) const {
    const std::int64_t from = alarms_.now_us();
    try {
      auto outcome = ask();
      const std::int64_t took = alarms_.now_us() - from;
      if (took > HookAlarms::kSlowUs) {
        raise(HookTrouble::kSlow, "took " + std::to_string(took / 1000) + " ms");
      }
      return outcome;
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::kNoMemory, text("had no memory to decide"));
    }
  }

  // Raises an alarm that says `what` as a predicate, such as "threw", at which row, and `more`.
  void raise(HookTrouble trouble, std::string_view what, std::string_view more = {}) const {
    alarms_.raise(trouble, name_, text(what) + std::string(more));
  }

 private:
  [[nodiscard]] std::string text(std::string_view what) const {
    const bool is_module = hook_ == Hook::kModule;
    return (is_module ? "the module " + std::string(name_) : "the function " + quoted(name_)) +
           " " + std::string(what) + " at " + path_text(core::Path::of(row_));
  }

  const Hook hook_;
  const std::string_view name_;
  const core::Components& row_;
  HookAlarms& alarms_;
};

}  // namespace anabranch::rows
