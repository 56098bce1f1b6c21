// The board of one region: examples/board/README.md.
#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "examples/board/api.h"
#include "examples/board/page.h"
#include "examples/board/region.h"

namespace {

struct Arguments {
  board::Region::Settings region;
  board::Api::Settings api;
  std::string http = "127.0.0.1:0";
  std::string module = BOARD_MODULE;
  std::vector<std::string> pages;
};

CLI::Validator pair_of(char separator) {
  return {[separator](const std::string& text) {
            return text.find(separator) == text.npos ? "needs a '" + std::string(1, separator) + "'"
                                                     : "";
          },
          ""};
}

void read(CLI::App& app, Arguments& to) {
  app.add_option("--region", to.region.store.region, "The name of this region")->required();
  app.add_option("--data", to.region.store.path, "Its folder of data")->required();
  app.add_option("--http", to.http, "Where pages connect: ADDRESS:PORT")->check(pair_of(':'));
  app.add_option("--listen", to.region.store.listen, "Where other regions connect: tcp://...");
  app.add_option("--peer", to.region.store.peers, "Another region: tcp://ADDRESS:PORT");
  app.add_option("--page", to.pages,
                 "The page of a region, in the order of show: REGION=http://...")
      ->check(pair_of('='));
  app.add_option("--relay", to.region.relay_port, "Port where the relay takes commands");
  app.add_option("--files", to.api.files, "The folder of the pages");
  app.add_option("--module", to.module, "The module that merges headings");
  app.add_flag("--welcome", to.region.welcome, "Write the first document, if there is none");
}

std::string contents(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Blocks the signals that end the program, in all threads, so that one can wait for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGINT, SIGTERM}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void serve(Arguments& arguments) {
  const sigset_t signals = block_signals();
  arguments.region.module = contents(arguments.module);
  arguments.region.store.conflicts_bytes_max = std::uint64_t{8} << 20U;
  for (const std::string& each : arguments.pages) {
    const auto equals = each.find('=');
    arguments.api.pages.emplace_back(each.substr(0, equals), each.substr(equals + 1));
  }
  const auto colon = arguments.http.rfind(':');
  board::Region region(arguments.region);
  board::Api api(region, arguments.api);
  board::Page page(api, arguments.http.substr(0, colon),
                   static_cast<std::uint16_t>(std::stoul(arguments.http.substr(colon + 1))));
  std::cout << arguments.region.store.region << ": ready: http://"
            << arguments.http.substr(0, colon) << ':' << page.port() << ", listens on "
            << region.store().status().endpoint << std::endl;
  std::thread stopper([&] {
    int which = 0;
    sigwait(&signals, &which);
    page.stop();
  });
  page.serve();
  stopper.join();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Arguments arguments;
    arguments.api.files = BOARD_FILES;
    CLI::App app("The board of one region");
    read(app, arguments);
    CLI11_PARSE(app, argc, argv);
    serve(arguments);
  } catch (const std::exception& error) {
    std::cerr << "board: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
