// Frames that leaders of this protocol number have sent: recorded bytes, one frame to a line, are
// read as the messages that were meant. So a change of the encoding needs another number.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/text.h"
#include "regions/wire/message.h"
#include "tests/regions/wire/sample_messages.h"
#include "transport/frame.h"

namespace anabranch::recorded_messages_test {

using regions::Message;

namespace {

std::string file_name() {
  return "protocol-" + std::to_string(regions::Greeting::kProtocol) + ".txt";
}

std::string bytes_of(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto byte = core::parse_number<std::uint8_t, 16>(std::string_view(digits).substr(i, 2));
    bytes.push_back(static_cast<char>(byte.value()));
  }
  return bytes;
}

std::string line_of(const Message& message) {
  std::string line;
  transport::encode_frames(regions::kind_of(message), regions::encode_message(message),
                           transport::BodyForm::kPlain, 1,
                           [&](const std::string& frame) { line += core::to_hex(frame); });
  return line;
}

std::vector<std::string> recorded() {
  std::ifstream in(std::string(ANABRANCH_ROOT) + "/tests/fixtures/messages/" + file_name());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_SUITE("regions: recorded messages") {
  TEST_CASE("frames that were sent under this protocol number are read as they were meant") {
    const std::vector<Message> samples = test::sample_messages();
    const std::vector<std::string> lines = recorded();
    REQUIRE(lines.size() <= samples.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CAPTURE(i);
      const std::string bytes = bytes_of(lines[i]);
      const core::Result<transport::Frame> frame = transport::decode_frame(bytes);
      REQUIRE(frame.ok());
      CHECK(frame.value().kind == regions::kind_of(samples[i]));
      const auto read = regions::decode_message(frame.value().kind, frame.value().bytes);
      REQUIRE(read.ok());
      CHECK((read.value() == samples[i]));
    }
  }

  TEST_CASE("every sample is recorded") {
    const std::vector<Message> samples = test::sample_messages();
    std::vector<std::string> lines = recorded();
    if (lines.size() == samples.size()) return;
    const auto written = std::filesystem::temp_directory_path() / file_name();
    std::ofstream out(written);
    for (std::size_t i = lines.size(); i < samples.size(); ++i)
      lines.push_back(line_of(samples[i]));
    for (const std::string& line : lines) out << line << '\n';
    FAIL("samples without recorded frames: copy ", written.string(), " to tests/fixtures/messages");
  }
}

}  // namespace anabranch::recorded_messages_test
