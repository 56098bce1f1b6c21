// Plays scenarios, and prints the first error of each.
//
//   scenario FILE...              exit code 1 when one is wrong
//   scenario --rewrite FILE...    makes the actual output the expected one; read the diff
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace {

using namespace anabranch::test;

// The first error of a script; empty if there is none.
std::string play_file(const std::string& path, bool rewrite) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  if (text.str().empty()) return path + ": cannot be read";
  const Script script(text.str());
  if (script.comment().size() < 2)
    return path + ":1: no comment of two lines or more states the subject";
  const Played played = play(script, path);
  if (!rewrite || played.printed.size() < script.steps().size()) return played.wrong;
  std::ofstream(path) << script.with(played.printed);
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> files(arguments + 1, arguments + count);
  const bool rewrite = !files.empty() && files.front() == "--rewrite";
  if (rewrite) files.erase(files.begin());
  if (files.empty()) {
    std::cerr << "usage: scenario [--rewrite] FILE...\n";
    return 2;
  }
  int wrong = 0;
  for (const std::string& file : files) {
    const std::string error = play_file(file, rewrite);
    if (error.empty()) continue;
    std::cerr << error << '\n';
    wrong = 1;
  }
  return wrong;
}
