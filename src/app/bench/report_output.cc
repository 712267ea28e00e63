#include "app/bench/report_output.h"

#include "app/bench/page.h"

namespace logstore::app::bench {

env::task<result<>> report_output::open() {
    result<> opened;
    if (asked_.json_file && !prints_json()) opened = co_await open_file(*asked_.json_file, &json_);
    if (opened && asked_.html_file) opened = co_await open_file(*asked_.html_file, &html_);
    if (!opened) co_await close();
    co_return opened;
}

env::task<result<>> report_output::open_file(std::string path, std::optional<output_file>* into) {
    auto opened = co_await output_file::open(world_, std::move(path));
    if (!opened) co_return std::unexpected(std::move(opened).error());
    into->emplace(std::move(*opened));
    co_return result<>();
}

env::task<bool> report_output::write(const bench_report* report, std::string text) {
    out_.print(prints_json() ? report_json(*report) : text);
    bool is_written = true;
    if (json_) is_written &= co_await write_file(&json_, report_json(*report));
    if (html_) is_written &= co_await write_file(&html_, report_page(*report));
    co_return is_written;
}

env::task<bool> report_output::write_file(std::optional<output_file>* into, std::string text) {
    const auto written = co_await (*into)->write(text);
    if (!written) out_.say(written.error().detail);
    co_return written.has_value();
}

env::task<void> report_output::close() {
    for (std::optional<output_file>* one : {&json_, &html_}) {
        if (*one) co_await (*one)->close();
        one->reset();
    }
}

}  // namespace logstore::app::bench
