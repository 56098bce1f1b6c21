#include "rows/module_choice.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <anabranch/error.h>

#include "crdt/choice.h"
#include "plugins/conflict_input.h"
#include "plugins/verdict.h"
#include "rows/hooks/hook_input.h"
#include "rows/kept_answers.h"
#include "rows/row_text.h"

namespace anabranch::rows {

namespace {

using plugins::Verdict;
using Answer = std::optional<std::string>;  // nullopt: the module has declined, or has no answer.

// One question to a module, for the texts of errors and alarms.
class Question {
 public:
  Question(const std::string& name, const core::Components& row, const Resolvers& all)
      : name_(name), row_(row), all_(all) {}

  // Returns the answer; nullopt if it declines or has none. Throws Error{kNoMemory}.
  [[nodiscard]] Answer ask(std::string_view module, const plugins::ConflictInput& input) const {
    const std::int64_t from = all_.alarms().now_us();
    try {
      auto outcome = all_.modules().run(name_, module, plugins::encode(input));
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

std::string value_by(const ModuleChoice& choice, const core::Path& path,
                     const core::Components& row, const crdt::Cell& cell, const RowReader& state,
                     const Resolvers& all) {
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  const std::string& name = choice.policy.policy.name;
  const Question question(name, row, all);
  const AnswerCache::Tables tables = tables_of(state);
  all.answers().count_asked();
  Answer answer;
  if (const std::shared_ptr<const std::string> module = choice.policies.module(name)) {
    answer =
        question.ask(*module, hook_input(row, choice.policy.scope.prefix, cell, *tables.regions));
  } else {
    answer = question.without_answer("is not there");
  }
  std::string value = answer ? *std::move(answer) : crdt::last_written(cell).value;
  all.answers().keep(path, cell, tables, value);  // Until a module comes: then the tables differ.
  return value;
}

}  // namespace anabranch::rows
