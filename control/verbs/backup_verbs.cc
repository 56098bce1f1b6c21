#include "control/verbs/backup_verbs.h"

#include <nlohmann/json.hpp>

#include "leader/backup/backups.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;
using leader::BackupState;

const char* word(BackupState::Kind kind) {
  switch (kind) {
    case BackupState::Kind::kNone:
      return "none";
    case BackupState::Kind::kRunning:
      return "running";
    case BackupState::Kind::kDone:
      return "done";
    case BackupState::Kind::kFailed:
      return "failed";
  }
  return "";
}

Json applied_json(const core::VersionVector& applied) {
  Json json = Json::array();
  for (const auto& [origin, seq] : applied) {
    json.push_back({{"origin", core::to_string(origin)}, {"seq", seq}});
  }
  return json;
}

// The last verified backup; nil if there is none.
Json last_json(const std::optional<leader::BackupRecord>& last) {
  if (!last) return nullptr;
  return {{"begun_ms", last->begun_ms},
          {"rows", last->rows},
          {"bytes", last->bytes},
          {"digest", last->digest},
          {"path", last->path}};
}

// ---- ANABRANCH BACKUP

void start(Call& call) {
  const bool begun = call.leader.backups().start(std::string(call[3])).value_or_raise();
  call.reply().status(begun ? "begun" : "joined");
}

void result(Call& call) {
  const BackupState state = call.leader.backups().state();
  Json json = {{"state", word(state.kind)},
               {"path", state.path},
               {"stage", state.progress.stage},
               {"done", state.progress.done},
               {"total", state.progress.total},
               {"bytes", state.progress.bytes},
               {"begun_ms", state.begun_ms},
               {"ended_ms", state.ended_ms},
               {"error", state.why},
               {"findings", Json::array()}};
  if (state.run) {
    const leader::Manifest& made = state.run->report.manifest;
    json["path"] = state.run->path;
    json["anew"] = state.run->anew;
    json["rows"] = made.rows;
    json["bytes"] = made.bytes();
    json["records"] = state.run->report.records;
    json["digest"] = core::to_string(made.digest);
    json["applied"] = applied_json(made.applied);
    json["snapshot_ms"] = state.run->snapshot_ms;
    json["faults"] = state.run->report.faults;
    json["findings"] = state.run->report.findings;
  }
  json["last"] = last_json(call.leader.backups().last());
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void stop(Call& call) {
  call.leader.backups().stop();
  call.reply().ok();
}

constexpr Verb kBackupVerbs[] = {
    {.name = "start",
     .arity = 4,
     .access = Access::kBeside,
     .acts = true,
     .run = start,
     .usage = "folder",
     .help = "Begins to write a backup to a new folder, by its absolute path at this leader; "
             "`joined`: it is being written already.",
     .complexity = "O(1); the backup is written in the background"},
    {.name = "result",
     .arity = 3,
     .access = Access::kBeside,
     .run = result,
     .help = "How the last backup since the start stands, and the last verified one, as JSON."},
    {.name = "stop",
     .arity = 3,
     .access = Access::kBeside,
     .acts = true,
     .run = stop,
     .help = "Ends a backup that is running; its folder stays unfinished."},
};

}  // namespace

std::span<const Verb> backup_verbs() { return kBackupVerbs; }

}  // namespace anabranch::control
