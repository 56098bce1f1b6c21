#include "plugins/module.h"

#include <optional>
#include <string>
#include <utility>

#include "plugins/gate.h"
#include "plugins/meter.h"
#include "plugins/rule.h"

namespace anabranch::plugins {

core::Result<std::shared_ptr<const Module>> Module::load(std::string_view bytes) {
  if (bytes.size() > wasm1::kModuleBytesMax) return core::invalid("is larger than 1 MiB");
  const std::string bare = without_custom_sections(bytes);
  if (const std::optional<std::string> why = refusal(bare)) return core::invalid(*why);
  const core::Result<Metered> metered = meter(bare);
  if (!metered.ok()) return metered.failure();
  const Metered& code = metered.value();
  std::shared_ptr<const Program> program =
      Program::load(code.bytes, {code.fuel, code.slots, code.memory, code.alloc, code.resolve});
  if (program == nullptr) return core::invalid("cannot be read again");
  // Segments that do not fit are found here; an instance of each call is made in the same way.
  const std::string why = Interpreter(program).try_instance();
  if (!why.empty()) return core::invalid("cannot be instantiated: " + why);
  return std::make_shared<const Module>(std::move(program));
}

}  // namespace anabranch::plugins
