// The words that some settings have for their values, each with its meaning, and how an error names
// them.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "server/config.h"

namespace anabranch::server {

template <typename T, std::size_t N>
using WordTable = std::array<std::pair<std::string_view, T>, N>;

inline constexpr WordTable<CompressLinks, 3> kCompress{{{"never", CompressLinks::kNever},
                                                        {"remote", CompressLinks::kRemote},
                                                        {"always", CompressLinks::kAlways}}};
inline constexpr char kCompressWords[] = "never, remote or always";

inline constexpr char kDurabilityWords[] = "sync, interval or none";

inline constexpr WordTable<LogLevel, 5> kLevels{{{"debug", LogLevel::kDebug},
                                                 {"info", LogLevel::kInfo},
                                                 {"warning", LogLevel::kWarning},
                                                 {"error", LogLevel::kError},
                                                 {"off", LogLevel::kOff}}};
inline constexpr char kLevelWords[] = "debug, info, warning, error or off";

inline constexpr WordTable<LogFormat, 2> kFormats{
    {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}};
inline constexpr char kFormatWords[] = "text or json";

inline constexpr WordTable<TlsFiles::Clients, 3> kTlsClients{{{"no", TlsFiles::Clients::kUnasked},
                                                              {"optional", TlsFiles::Clients::kMay},
                                                              {"yes", TlsFiles::Clients::kMust}}};
inline constexpr char kTlsClientsWords[] = "no, optional or yes";

}  // namespace anabranch::server
