// The modules that policies of the kind wasm1 name in a simulation, and their answers computed a
// second time in C++: from docs/plugins.md alone, without WebAssembly, rows/hooks or plugins/.
// An answer depends on all that a module gets. For one question in some dozen a module has none: it
// traps, loops, calls itself for ever, answers outside of its memory or declines. It also keeps
// state: a call that found what the one before has left would answer otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::test {

struct PolicyModule {
  std::string name;  // The hash of the bytes, in hexadecimal digits.
  std::string hash;
  std::string bytes;
  std::uint64_t salt = 0;
  bool is_admitted = true;
};

// Returns the modules: the last one is refused by the rule. Thread-safe.
[[nodiscard]] const std::vector<PolicyModule>& policy_modules();

// One conflict, as docs/plugins.md lays it out.
struct ModuleQuestion {
  struct Value {
    std::string_view value;
    std::optional<std::string_view> base = {};
    std::int64_t time_ms = 0;
    std::string_view region = {};
  };
  std::string_view key;
  std::string_view prefix;
  char type = 0;
  std::vector<std::string_view> parts = {};
  std::vector<Value> siblings = {};
};

// Returns the answer of a module; nullopt where it has none, so that the last written is shown.
[[nodiscard]] std::optional<std::string> answer_of(const PolicyModule& module,
                                                   const ModuleQuestion& question);

}  // namespace anabranch::test
