// `anabranch demo`: three regions on this machine, and a story about them with real commands. The
// story is a script that is installed with the program: examples/story/demo.sh in the repository.

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/system/own_program.h"
#include "server/cli/demo/demo_command.h"
#include "server/cli/demo/keeper.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kOnce{"--once", Argument::Kind::kSwitch, "",
                         "end after the story; else the regions stay up until Ctrl-C"};
constexpr std::string_view kStory = "share/anabranch/story/demo.sh";

ExitCode run_demo(const Arguments& arguments) {
  const std::string story = core::installed_with_program(kStory);
  std::error_code error;
  if (!std::filesystem::is_regular_file(story, error)) {
    return print_error("the story is not there, which is installed with this program: " + story);
  }
  // Without the start file, functions and options of the caller's shell.
  std::vector<std::string> words{"bash", "-p", story, core::own_program()};
  if (arguments.has(kOnce.name)) words.emplace_back(kOnce.name);
  const char* const place = std::getenv("TMPDIR");
  const core::Result<Ending> ended =
      run_and_clear(words, place == nullptr || *place == '\0' ? "/tmp" : place);
  if (!ended.ok()) return print_error(ended.failure());
  const Ending& ending = ended.value();
  if (!ending.stopped) return ending.code;
  std::cout << "\nAll is stopped, and the data are removed.\n" << std::flush;
  return ending.code == kClean ? kClean : print_error("the story was not told to its end");
}

}  // namespace

Command demo_command() {
  return {"demo",
          "three regions on this machine, and a story about them with real commands",
          {kOnce},
          run_demo};
}

}  // namespace anabranch::server::cli
