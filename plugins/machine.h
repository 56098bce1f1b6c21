// Runs calls of one module.
#pragma once

#include <memory>
#include <string_view>

#include "plugins/interpreter.h"
#include "plugins/module.h"
#include "plugins/verdict.h"

namespace anabranch::plugins {

// For one thread at a time; threads have machines of their own over one module. Keeps up to 18 MiB
// between calls, usually little.
class Machine {
 public:
  explicit Machine(std::shared_ptr<const Module> module) : module_(std::move(module)) {}

  // Runs the module on an input (conflict_input.h), in a fresh state: no call sees anything of
  // another one. Throws std::bad_alloc when the host has no memory left, in which case there is no
  // verdict; the machine may be used again.
  Outcome run(std::string_view input) { return run(input, Interpreter::From::kNew); }
  // The same in the state that the last run has left, to find modules that keep some. Stores never
  // do so.
  Outcome run_on(std::string_view input) { return run(input, Interpreter::From::kLeft); }

 private:
  Outcome run(std::string_view input, Interpreter::From from);
  Outcome judged(const Interpreter::End& end) const;

  std::shared_ptr<const Module> module_;
  std::unique_ptr<Interpreter> interpreter_;  // Made at the first run.
};

}  // namespace anabranch::plugins
