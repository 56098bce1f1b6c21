// `anabranch keys new REGION` makes the keys of a region; `anabranch keys reload` makes a leader
// read its key files again.

#include <filesystem>
#include <iostream>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "transport/key_files.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kRegion{"REGION", Argument::Kind::kPositional, "", "whose keys they are to be"};
constexpr Argument kOut{"--out", Argument::Kind::kValue, "PATH",
                        "the file to make for the secret keys, or its folder (REGION.keys)"};

// Standard output gets the public line only, so that it can be appended to a list.
ExitCode make(const Arguments& arguments) {
  const std::string region = arguments.text(kRegion.name);
  if (!transport::is_region_name(region)) {
    return print_error(
        "region \"" + region + "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'", kUsage);
  }
  std::filesystem::path path = arguments.text(kOut.name);
  std::error_code ignored;
  const bool is_folder = !path.has_filename() || std::filesystem::is_directory(path, ignored);
  if (is_folder) path /= region + ".keys";
  const transport::OwnKeys keys = transport::make_keys(region);
  const core::Result<void> saved = transport::save_own_keys(path.string(), keys);
  if (!saved.ok()) return print_error(saved.failure().message);
  std::cerr << "anabranch: the secret keys are in " << path.string()
            << "; all other regions need this line:\n";
  std::cout << transport::public_line(keys) << '\n';
  return kClean;
}

ExitCode reload(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"KEYS", "RELOAD"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "the keys are read again\n";
  return kClean;
}

}  // namespace

Command keys_new_command() {
  return {
      "keys new", "make the keys of a region, and its line for the others", {kRegion, kOut}, make};
}

Command keys_reload_command() {
  return {"keys reload", "have a leader read its files of keys again", asking({}), reload};
}

}  // namespace anabranch::server::cli
