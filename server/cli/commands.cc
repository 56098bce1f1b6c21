#include <iostream>

#include "core/system/standard_error.h"
#include "server/cli/backup/backup_commands.h"
#include "server/cli/command.h"
#include "server/cli/config/config_commands.h"
#include "server/cli/demo/demo_command.h"
#include "server/cli/health/health_commands.h"
#include "server/cli/import/import_command.h"
#include "server/cli/manual/manual_commands.h"
#include "server/cli/printable.h"
#include "storage/damage.h"

namespace anabranch::server::cli {

std::span<const Command> commands() {
  static const std::vector<Command> table{
      serve_command(),
      config_check_command(),
      config_show_command(),
      config_new_command(),
      status_command(),
      peer_pause_command(),
      peer_resume_command(),
      show_command(),
      digest_command(),
      keys_new_command(),
      keys_reload_command(),
      verify_command(),
      repair_command(),
      salvage_command(),
      fork_list_command(),
      fork_resolve_command(),
      promote_command(),
      region_list_command(),
      region_retire_command(),
      region_restore_command(),
      policy_list_command(),
      policy_set_command(),
      policy_remove_command(),
      plugin_new_command(),
      plugin_check_command(),
      plugin_add_command(),
      plugin_list_command(),
      plugin_remove_command(),
      check_command(),
      backup_command(),
      backup_verify_command(),
      restore_command(),
      conflicts_list_command(),
      conflicts_show_command(),
      conflicts_put_back_command(),
      conflicts_export_command(),
      conflicts_stats_command(),
      doctor_command(),
      drain_command(),
      handover_command(),
      import_command(),
      demo_command(),
      completion_command(),
      manual_command(),
  };
  return table;
}

ExitCode print_error(std::string_view message, ExitCode code) {
  std::cerr.flush();
  core::StandardError::write_last("anabranch: " + printable(message) + '\n');
  return code;
}

ExitCode print_error(const core::Failure& failure) {
  if (failure.code != ErrorCode::kCorrupt) return print_error(failure.message);
  return print_error(failure.message + ": " + std::string(storage::kDamageAdvice), kDamaged);
}

}  // namespace anabranch::server::cli
