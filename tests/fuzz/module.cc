// WebAssembly modules, as any region may store them: one that is admitted gives one verdict for one
// input, on every machine; none harms its host.
//
// Bytes that do not begin as a module say where a good one is to be changed, since most others are
// refused for a size that does not fit: its number, then (position: 2 bytes, byte) as often as
// there are bytes.

#include "core/assert.h"
#include "plugins/machine.h"
#include "plugins/meter.h"
#include "tests/fuzz/target.h"
#include "tests/plugins/sample_modules.h"

using namespace anabranch;

namespace {

const std::vector<std::string>& good_modules() {
  static const std::vector<std::string> modules = [] {
    std::vector<std::string> all = test::sample_modules();
    test::Rng rng{1};
    for (int i = 0; i < 40; ++i) all.push_back(test::random_module(rng));
    return all;
  }();
  return modules;
}

std::string changed(std::string_view where) {
  const auto number = [&](std::size_t at) {
    return std::size_t{static_cast<std::uint8_t>(where[at])};
  };
  if (where.empty()) return {};
  std::string module = good_modules()[number(0) % good_modules().size()];
  for (std::size_t at = 1; at + 3 <= where.size(); at += 3) {
    module[(number(at) << 8U | number(at + 1)) % module.size()] = where[at + 2];
  }
  return module;
}

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  std::vector<std::string> examples = sample_modules();
  for (int i = 0; i < 4; ++i) examples.push_back(random_module(rng));
  for (int i = 0; i < 40; ++i) examples.push_back(static_cast<char>(i) + random_bytes(rng, 9));
  return examples;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view given = test::view_of(data, size);
  const std::string bytes =
      given.starts_with(std::string_view("\0asm", 4)) ? std::string(given) : changed(given);
  const auto module = plugins::Module::load(bytes);
  const auto again = plugins::Module::load(bytes);
  ANABRANCH_ASSERT(module.ok() == again.ok());
  if (!module.ok()) {
    ANABRANCH_ASSERT(module.failure().message == again.failure().message);
    return 0;
  }
  plugins::Machine machine(module.value());
  const plugins::Outcome outcome = machine.run("an input of some bytes");
  ANABRANCH_ASSERT(outcome.verdict == plugins::Verdict::kValue || outcome.value.empty());
  (void)machine.run("another input, after which nothing must be left");
  ANABRANCH_ASSERT(machine.run("an input of some bytes") == outcome);
  ANABRANCH_ASSERT(plugins::Machine(again.value()).run("an input of some bytes") == outcome);
  return 0;
}
