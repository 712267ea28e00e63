// What the benches on one topic have in common.
#pragma once

#include "app/bench/bench_options.h"
#include "app/bench/bench_topic.h"
#include "app/bench/report_output.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app::bench {

/// One run on one topic, from finding or making it to deleting what was made. One executor; what it is given
/// outlives it.
class one_topic_bench {
  public:
    one_topic_bench(const one_topic_bench&) = delete;
    one_topic_bench& operator=(const one_topic_bench&) = delete;
    virtual ~one_topic_bench() = default;

    /// Calls measure() once the output can be written and the topic is there; says what went wrong. Whatever
    /// the end is, a topic that it made is deleted, unless it was asked to keep it, and a report that was not
    /// written leaves no file behind.
    env::task<exit_code> run();

  protected:
    one_topic_bench(env::environment world, console& out, interruption& stop, const bench_place& place);

    /// Measures and writes the report. An error is one that ended the measurement, and has not been said yet.
    virtual env::task<result<exit_code>> measure() = 0;

    const env::environment world_;
    console& out_;
    interruption& stop_;
    report_output output_;
    bench_topic topic_;

  private:
    const bench_place& place_;
};

}  // namespace logstore::app::bench
