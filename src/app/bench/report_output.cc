#include "app/bench/report_output.h"

namespace logstore::app::bench {

env::task<result<>> report_output::open() {
    if (asked_.json_file && !prints_json()) {
        auto opened = co_await output_file::open(world_, *asked_.json_file);
        if (!opened) co_return std::unexpected(std::move(opened).error());
        json_.emplace(std::move(*opened));
    }
    co_return result<>();
}

env::task<bool> report_output::write(const bench_report* report, std::string text) {
    out_.print(prints_json() ? report_json(*report) : text);
    bool is_written = true;
    if (json_) {
        const std::string json = report_json(*report);
        const auto written = co_await json_->write(json);
        if (!written) out_.say(written.error().detail), is_written = false;
    }
    co_return is_written;
}

env::task<void> report_output::close() {
    if (json_) co_await json_->close();
    json_.reset();
}

}  // namespace logstore::app::bench
