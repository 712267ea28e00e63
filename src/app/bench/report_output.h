// Where the report of a bench goes.
#pragma once

#include <optional>
#include <string>

#include "app/bench/bench_options.h"
#include "app/bench/output_file.h"
#include "app/bench/report.h"
#include "app/console.h"

namespace logstore::app::bench {

/// The files that were asked for, and standard output. One run.
class report_output {
  public:
    report_output(env::environment world, console& out, const bench_place& asked)
        : world_(world), out_(out), asked_(asked) {}

    /// Before the measurement: fails where a file cannot be written, and leaves none behind then.
    env::task<result<>> open();
    /// Prints `text`, or the JSON in its place, and writes the files; false, and said, when one could not be
    /// written.
    env::task<bool> write(const bench_report* report, std::string text);
    /// At the end, whatever it is: files that were made and not written are removed.
    env::task<void> close();

  private:
    env::task<result<>> open_file(std::string path, std::optional<output_file>* into);
    env::task<bool> write_file(std::optional<output_file>* into, std::string text);
    bool prints_json() const { return asked_.json_file == "-"; }

    env::environment world_;
    console& out_;
    const bench_place& asked_;
    std::optional<output_file> json_, html_;
};

}  // namespace logstore::app::bench
