#include "rows/hooks/module_pool.h"

#include <algorithm>
#include <utility>

namespace anabranch::rows {

core::Result<plugins::Outcome> ModulePool::run(const std::string& name, std::string_view module,
                                               std::string_view input) {
  std::optional<Taken> taken = take(name);
  if (!taken) {
    core::Result<Shared> loaded = plugins::Module::load(module);
    keep(name, loaded);
    taken.emplace(Taken{std::move(loaded), nullptr});
  }
  if (!taken->module.ok()) return taken->module.failure();
  std::unique_ptr<plugins::Machine> machine = std::move(taken->machine);
  if (!machine) machine = std::make_unique<plugins::Machine>(taken->module.value());
  plugins::Outcome outcome = machine->run(input);
  give_back(name, std::move(machine), outcome.verdict);
  return outcome;
}

std::uint64_t ModulePool::count(plugins::Verdict verdict) const {
  const std::lock_guard lock(mutex_);
  return verdicts_[static_cast<std::size_t>(verdict)];
}

std::optional<core::Result<void>> ModulePool::admits(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = loaded_.find(name);
  if (found == loaded_.end()) return std::nullopt;
  if (found->second.module.ok()) return core::Result<void>();
  return found->second.module.failure();
}

ModulePool::Figures ModulePool::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures{.modules = loaded_.size()};
  for (const auto& [name, loaded] : loaded_) figures.machines += loaded.idle.size();
  return figures;
}

std::optional<ModulePool::Taken> ModulePool::take(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = loaded_.find(name);
  if (found == loaded_.end()) return std::nullopt;
  Loaded& loaded = found->second;
  loaded.used = ++calls_;
  Taken taken{loaded.module, nullptr};
  if (!loaded.idle.empty()) {
    taken.machine = std::move(loaded.idle.back());
    loaded.idle.pop_back();
  }
  return taken;
}

void ModulePool::keep(const std::string& name, core::Result<Shared> module) {
  std::map<std::string, Loaded>::node_type dropped;  // Destroyed without the lock.
  const std::lock_guard lock(mutex_);
  if (loaded_.size() >= kModulesMax && !loaded_.contains(name)) {
    const auto oldest =
        std::ranges::min_element(loaded_, {}, [](const auto& each) { return each.second.used; });
    dropped = loaded_.extract(oldest);
  }
  loaded_.try_emplace(name, Loaded{std::move(module), {}, ++calls_});
}

void ModulePool::give_back(const std::string& name, std::unique_ptr<plugins::Machine> machine,
                           plugins::Verdict verdict) {
  const std::lock_guard lock(mutex_);
  ++verdicts_[static_cast<std::size_t>(verdict)];
  const auto found = loaded_.find(name);
  if (found == loaded_.end() || found->second.idle.size() >= kIdleMax) return;
  found->second.idle.push_back(std::move(machine));
}

}  // namespace anabranch::rows
