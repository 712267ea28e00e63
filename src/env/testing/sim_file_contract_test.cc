#include "env/file_contract.h"
#include "env/testing/sim_file_system.h"
#include "env/testing/sim_run.h"

namespace logstore::env {
namespace {

sim_disk_options like_a_kernel(bool refuses_direct) {
    sim_disk_options options;
    options.refuses_direct = refuses_direct;
    options.checks_alignment = false;
    return options;
}

template <bool refuses_direct>
struct sim_file_world {
    sim_file_world() { CHECK(run(executor_, files_.make_directory(folder())).has_value()); }

    file_system& files() { return files_; }
    executor& loop() { return executor_; }
    std::string folder() { return "/data"; }
    void run_until(const std::function<bool()>& done) {
        CHECK(scheduler_.run_until(done), "what the test waits for does not happen");
    }

    sim_scheduler scheduler_{1};
    sim_clock time_{scheduler_.now()};
    sim_executor executor_{scheduler_, time_};
    sim_disk disk_{scheduler_, 1, like_a_kernel(refuses_direct)};
    sim_file_system files_{disk_, executor_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(simulated, file_contract, sim_file_world<false>);
INSTANTIATE_TYPED_TEST_SUITE_P(simulated_without_direct, file_contract, sim_file_world<true>);

}  // namespace
}  // namespace logstore::env
