#include "app/serve_options.h"

#include <cerrno>
#include <fstream>
#include <iterator>

namespace logstore::app {
namespace {

/// A configuration is small; what is larger is something else.
constexpr std::size_t config_file_bytes_max = 1 << 20;

result<std::string> read_config_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(std::error_code(errno, std::generic_category()), "the configuration file " + path);
    std::string text(config_file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return fail(std::make_error_code(std::errc::io_error), "the configuration file " + path);
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > config_file_bytes_max) {
        return fail(std::make_error_code(std::errc::file_too_large), "the configuration file " + path);
    }
    return text;
}

}  // namespace

result<config::server_options> load_serve_options(const serve_command& asked) {
    std::string toml;
    if (!asked.config_file.empty()) {
        auto read = read_config_file(asked.config_file);
        if (!read) return std::unexpected(std::move(read).error());
        toml = std::move(*read);
    }
    return config::load_server_options(toml, asked.config_file, asked.overrides);
}

}  // namespace logstore::app
