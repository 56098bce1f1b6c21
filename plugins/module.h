// A module that the rule `wasm1` admits, ready to run.
#pragma once

#include <memory>
#include <string_view>

#include "core/result.h"
#include "plugins/interpreter.h"

namespace anabranch::plugins {

// Immutable; shared by the machines of all threads.
class Module {
 public:
  // Checks the bytes of a WebAssembly module, whoever wrote them, and makes it count. Fails with
  // kInvalid and the reason as a predicate, such as "imports env.abort": every region refuses the
  // same modules. Throws std::bad_alloc.
  static core::Result<std::shared_ptr<const Module>> load(std::string_view bytes);

  explicit Module(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  [[nodiscard]] const std::shared_ptr<const Program>& program() const { return program_; }

 private:
  std::shared_ptr<const Program> program_;
};

}  // namespace anabranch::plugins
