#include "env/absolute_path.h"

#include <filesystem>

namespace logstore::env {

std::string absolute_path(const std::string& path) {
    if (path.starts_with('/')) return path;
    std::error_code unknown;
    const std::filesystem::path whole = std::filesystem::absolute(path, unknown);
    return unknown ? path : whole.lexically_normal().string();
}

}  // namespace logstore::env
