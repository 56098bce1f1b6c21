// Runs a program in a folder of its own, and leaves nothing of it: no process and no file, however
// the program ends, and however this process ends, by kill -9, too.
//
// A process between the two sees to that, the keeper. It is begun first, in a session of its own,
// where no terminal reaches it, and reads a pipe that this process alone can write to: the end of
// this process is the end of that pipe. Then it kills the process group of the program, whose
// orphans are its own children, waits for them all, and removes the folder. Were the keeper itself
// killed, the program would get SIGTERM.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {

struct Ending {
  bool stopped = false;  // By a signal to this process.
  ExitCode code = kFailed;
};

// Runs a program (found by PATH) with its words, until it ends or this process gets SIGINT, SIGTERM
// or SIGHUP, unless that is ignored here. Its working directory is a new folder in `place`, its
// input is empty. Ended by such a signal, the code is kClean if there is a file `told` in the
// folder. The keeper and the program print why they cannot begin. Fails if there is no keeper.
//
// For a process with one thread, at its end: the signals stay blocked.
core::Result<Ending> run_and_clear(const std::vector<std::string>& words, const std::string& place);

}  // namespace anabranch::server::cli
