#include "app/run_on_host.h"

#include "env/gate.h"

namespace logstore::app {
namespace {

env::task<void> run_and_stop(env::host* on, env::task<exit_code> command, exit_code* answer) {
    *answer = co_await std::move(command);
    on->stop();
}

}  // namespace

exit_code run_on_host(console& out, const std::function<env::task<exit_code>(env::host&)>& make_command) {
    env::host_options options;
    // A command reads little: no ring is worth its set-up.
    options.disk = env::disk_backend::threads;
    options.worker_threads = 1;
    auto made = env::host::make(options);
    if (!made) {
        out.say("cannot start: " + made.error().message());
        return exit_code::failed;
    }
    env::host& host = **made;
    exit_code answer = exit_code::failed;
    env::gate inside;
    env::task<exit_code> command = make_command(host);
    host.shard(0).loop.post([&] { env::spawn(inside, run_and_stop(&host, std::move(command), &answer)); });
    host.run();
    CHECK(inside.inside() == 0, "the command did not end");
    return answer;
}

}  // namespace logstore::app
