// What is given to a command: standard input, behind an interface so that tests can give something.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "env/environment.h"

namespace logstore::app {

/// Bytes that come when they come. One executor.
class byte_input {
  public:
    struct piece {
        /// Valid until the next read; empty when none came for a moment, and at the end.
        bytes_view bytes;
        bool is_end = false;
    };

    virtual ~byte_input() = default;
    /// The next bytes; answers within a tenth of a second even when none come, so that the caller can look at
    /// what else has happened.
    virtual env::task<result<piece>> read() = 0;
};

/// Of this process. Reads on a worker thread: whatever standard input is, the loop never waits for it.
class standard_input final : public byte_input {
  public:
    explicit standard_input(env::environment world);

    env::task<result<piece>> read() override;

  private:
    env::environment world_;
    byte_vector buffer_;
};

}  // namespace logstore::app
