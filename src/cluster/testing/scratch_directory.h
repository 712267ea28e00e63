// A directory of a test's own, for what cannot live on the simulated disk.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace logstore::cluster {

/// Made empty, removed with everything in it at the end.
class scratch_directory {
  public:
    explicit scratch_directory(const std::filesystem::path& where = std::filesystem::temp_directory_path()) {
        std::string pattern = (where / "logstore-cluster-XXXXXX").string();
        CHECK(::mkdtemp(pattern.data()) != nullptr, "no temporary directory");
        path_ = pattern;
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const { return path_; }
    std::string child(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

}  // namespace logstore::cluster
