// The modules that this process has loaded, and machines that run them. A module is found by its
// name, the hash of its bytes, so that nothing here can go stale: the pool may forget a module at
// any time, and loads it anew when it is asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "plugins/machine.h"
#include "plugins/module.h"
#include "plugins/verdict.h"

namespace anabranch::rows {

// Thread-safe. No lock is held while a module is loaded or runs.
class ModulePool {
 public:
  static constexpr std::size_t kModulesMax = 32;  // Of those loaded.
  static constexpr std::size_t kIdleMax = 4;      // Machines of a module that wait for a call.

  // Runs the module with these bytes, which have this name. Fails with kInvalid and the reason as a
  // predicate where the rule does not admit the module. Throws std::bad_alloc.
  [[nodiscard]] core::Result<plugins::Outcome> run(const std::string& name, std::string_view module,
                                                   std::string_view input);
  // Returns whether the rule admits a module that is loaded, with the reason as run(); nullopt of
  // one that is not loaded.
  [[nodiscard]] std::optional<core::Result<void>> admits(const std::string& name) const;
  // Returns how many runs ended so.
  [[nodiscard]] std::uint64_t count(plugins::Verdict verdict) const;

  struct Figures {
    std::size_t modules = 0;   // Loaded now, refused ones included.
    std::size_t machines = 0;  // That wait for a call now.
  };
  [[nodiscard]] Figures figures() const;

 private:
  using Shared = std::shared_ptr<const plugins::Module>;
  struct Loaded {
    core::Result<Shared> module;
    std::vector<std::unique_ptr<plugins::Machine>> idle;
    std::uint64_t used = 0;  // The number of the last call.
  };
  // A module, or why it is refused, and an idle machine of it if there is one.
  struct Taken {
    core::Result<Shared> module;
    std::unique_ptr<plugins::Machine> machine;
  };

  [[nodiscard]] std::optional<Taken> take(const std::string& name);
  void keep(const std::string& name, core::Result<Shared> module);
  void give_back(const std::string& name, std::unique_ptr<plugins::Machine> machine,
                 plugins::Verdict verdict);

  mutable core::Mutex mutex_;  // Guards all below.
  std::map<std::string, Loaded> loaded_;
  std::uint64_t calls_ = 0;
  std::uint64_t verdicts_[plugins::kVerdicts] = {};
};

}  // namespace anabranch::rows
