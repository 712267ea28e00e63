// A folder for one test's files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/bytes.h"
#include "base/check.h"

namespace logstore::app::testing {

/// Empty at first, of no other process, and gone with this object.
class scratch_folder {
  public:
    scratch_folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "logstore-test-XXXXXX";
        CHECK(::mkdtemp(pattern.data()) != nullptr, "no folder {}", pattern);
        path_ = pattern;
    }
    ~scratch_folder() { std::filesystem::remove_all(path_); }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    std::string path() const { return path_; }
    std::string path_of(const std::string& name) const { return path_ / name; }
    /// Makes or replaces a file; answers its path.
    std::string write(const std::string& name, bytes_view content) const {
        std::ofstream(path_ / name, std::ios::binary) << text_of(content);
        return path_of(name);
    }

  private:
    std::filesystem::path path_;
};

}  // namespace logstore::app::testing
