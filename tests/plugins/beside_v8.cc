// Runs modules with random inputs and writes down each call with its verdict, so that another
// engine can be asked the same (beside_v8.js).
//
//   beside_v8 FILE CALLS [--seed N] [MODULE.wasm...]
//
// The file has records: a letter, a u32 with the number of bytes, the bytes. 'm' is a metered
// module, of which the calls behind it are; of a call: 'i' its input, 'o' its outcome: u32 limit of
// fuel, i32 fuel left, u32 verdict, value.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/text.h"
#include "plugins/check/trial_source.h"
#include "plugins/gate.h"
#include "plugins/machine.h"
#include "plugins/meter.h"
#include "plugins/rule.h"
#include "tests/plugins/sample_modules.h"
#include "tests/seed.h"

using namespace anabranch;

namespace {

constexpr std::size_t kCallsOfModule = 10;

std::string u32(std::uint32_t number) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(number >> 8U * i));
  return bytes;
}

class Record {
 public:
  explicit Record(const std::string& path) : file_(path, std::ios::binary) {}

  void write(char kind, const std::string& bytes) {
    file_ << kind << u32(static_cast<std::uint32_t>(bytes.size())) << bytes;
  }
  [[nodiscard]] bool close() {
    file_.close();
    return file_.good();
  }

 private:
  std::ofstream file_;
};

// Returns a changed form of a module, mostly one that is refused.
std::string mutated(std::string module, std::mt19937_64& random) {
  for (std::size_t left = 1 + random() % 3; left > 0; --left) {
    const std::size_t at = 8 + random() % (module.size() - 8);
    module[at] = static_cast<char>(random());
  }
  return module;
}

// Asks a module, if it is admitted, for some calls, and writes them down.
std::size_t ask(const std::string& bytes, plugins::TrialSource& trials, std::size_t calls,
                Record& record) {
  const auto module = plugins::Module::load(bytes);
  if (!module.ok()) return 0;
  record.write('m',
               plugins::metered_for_others(plugins::without_custom_sections(bytes)).value().bytes);
  plugins::Machine machine(module.value());
  for (std::size_t i = 0; i < calls; ++i) {
    const std::string input = input_of(trials.next());
    const plugins::Outcome outcome = machine.run(input);
    const std::uint32_t limit = plugins::wasm1::fuel_for(input.size());
    record.write('i', input);
    record.write('o', u32(limit) + u32(static_cast<std::uint32_t>(limit - outcome.fuel)) +
                          u32(static_cast<std::uint32_t>(outcome.verdict)) + outcome.value);
  }
  return calls;
}

void run(std::size_t calls, const std::vector<std::string>& given, Record& record) {
  std::mt19937_64 random(test::seed());
  plugins::TrialSource trials(random(), {});
  const std::vector<std::string> samples = test::sample_modules();
  std::size_t done = 0;
  for (const std::string& each : given) done += ask(each, trials, calls / 20, record);
  for (const std::string& each : samples) done += ask(each, trials, calls / 20, record);
  while (done < calls) {
    const std::string module = test::random_module(random);
    done += ask(module, trials, kCallsOfModule, record);
    const std::string& sample = samples[random() % samples.size()];
    for (int i = 0; i < 20; ++i) {
      done += ask(mutated(i % 2 == 0 ? module : sample, random), trials, 2, record);
    }
  }
  std::cout << done << " calls\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() > 3 && words[2] == "--seed") {
    if (!test::set_seed(words[3])) return EXIT_FAILURE;
    words.erase(words.begin() + 2, words.begin() + 4);
  }
  const auto calls = words.size() < 2 ? std::nullopt : core::parse_number<std::uint32_t>(words[1]);
  if (!calls) {
    std::cerr << "usage: beside_v8 FILE CALLS [--seed N] [MODULE.wasm...]\n";
    return EXIT_FAILURE;
  }
  std::vector<std::string> given;
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::ifstream file(words[i], std::ios::binary);
    given.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::cerr << "seed: " << test::seed() << " (repeat with --seed)" << std::endl;
  Record record(words[0]);
  run(*calls, given, record);
  return record.close() ? EXIT_SUCCESS : EXIT_FAILURE;
}
