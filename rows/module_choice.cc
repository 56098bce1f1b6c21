#include "rows/module_choice.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <anabranch/error.h>

#include "crdt/choice.h"
#include "plugins/verdict.h"
#include "rows/hooks/hook_input.h"
#include "rows/row_text.h"

namespace anabranch::rows {

namespace {

using Answer = AnswerCache::Answer;
using plugins::Verdict;

constexpr char kModule = 'w';  // Before the name, in keys of the cache: the rule is wasm1.

// One question to a module, for the texts of errors and alarms.
class Question {
 public:
  Question(const std::string& name, const core::Components& row, const Resolvers& all)
      : name_(name), row_(row), all_(all) {}

  // Returns the answer; nullopt if it declines or has none. Throws Error{kNoMemory}.
  [[nodiscard]] Answer ask(std::string_view module, const HookInput& input) const {
    const std::int64_t from = all_.alarms().now_us();
    try {
      std::string bytes;
      bytes.reserve(hook_input_size(input));
      append_hook_input(bytes, input);
      auto outcome = all_.modules().run(name_, module, bytes);
      const std::int64_t took = all_.alarms().now_us() - from;
      if (took > HookAlarms::kSlowUs) {
        raise(HookTrouble::kSlow, "took " + std::to_string(took / 1000) + " ms");
      }
      if (!outcome.ok()) return without_answer("is refused: it " + outcome.failure().message);
      return judged(std::move(outcome).value());
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::kNoMemory, text("had no memory to decide"));
    }
  }

  Answer without_answer(const std::string& why) const {
    raise(HookTrouble::kThrew, why + "; the last written is shown,");
    return std::nullopt;
  }

 private:
  [[nodiscard]] Answer judged(plugins::Outcome outcome) const {
    if (outcome.verdict == Verdict::kValue) return std::move(outcome.value);
    if (outcome.verdict == Verdict::kDeclined) return std::nullopt;
    return without_answer("had no answer: " + std::string(to_string(outcome.verdict)));
  }

  [[nodiscard]] std::string text(const std::string& what) const {
    return "the module " + name_ + " " + what + " at " + path_text(core::Path::of(row_));
  }
  void raise(HookTrouble kind, const std::string& what) const {
    all_.alarms().raise(kind, name_, text(what));
  }

  const std::string& name_;
  const core::Components& row_;
  const Resolvers& all_;
};

}  // namespace

std::string value_by_module(const PolicyRow& policy, const PolicyTable& policies,
                            const core::Components& row, const crdt::Cell& cell,
                            const RowReader& state, const Resolvers& all) {
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  const std::string& name = policy.policy.name;
  const Question question(name, row, all);
  const auto shown = [&](const Answer& answer) {
    return answer ? *answer : crdt::last_written(cell).value;
  };
  const std::shared_ptr<const std::string> module = policies.module(name);
  if (module == nullptr) return shown(question.without_answer("is not there"));
  const std::shared_ptr<const OriginRegions> regions = state.regions();
  const HookInput input = hook_input(row, policy.scope.prefix, cell, *regions);
  AnswerCache::Key key = AnswerCache::key(kModule + name, input);
  if (const AnswerCache::Shared kept = all.answers().find(key)) return shown(*kept);
  Answer answer = question.ask(*module, input);
  std::string value = shown(answer);
  all.answers().keep(std::move(key), std::move(answer));
  return value;
}

}  // namespace anabranch::rows
