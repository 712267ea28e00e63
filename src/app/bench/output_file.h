// A file that a report goes to.
#pragma once

#include <memory>
#include <string>

#include "env/environment.h"
#include "env/file.h"

namespace logstore::app::bench {

/// Opened before the measurement, so that a wrong path costs no time, and written after it. A file that was
/// not there before and is not written is removed.
class output_file {
  public:
    /// Makes the file where it is not there, and leaves what is in it.
    static env::task<result<output_file>> open(env::environment world, std::string path);

    /// Replaces what is in the file; `text` lives until the call is awaited. Once.
    env::task<result<>> write(std::string_view text);
    env::task<void> close();

  private:
    output_file(env::environment world, std::string path, std::unique_ptr<env::file> file, bool is_new)
        : world_(world), path_(std::move(path)), file_(std::move(file)), is_new_(is_new) {}

    env::environment world_;
    std::string path_;
    std::unique_ptr<env::file> file_;
    bool is_new_;
    bool is_written_ = false;
};

}  // namespace logstore::app::bench
