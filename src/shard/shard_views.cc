// The key views of a shard's tablets: when they begin and end, and how the log waits for them.
#include <utility>

#include <fmt/format.h>

#include "base/logging.h"
#include "env/worker_pool.h"
#include "shard/shard.h"

namespace logstore {

std::string shard::view_directory(const tablet_id& id) const {
    return fmt::format("{}/{}-{}", options_.views_folder, id.topic.text(), id.partition);
}

env::task<> shard::set_view(hosted* target) {
    const tablet_settings& settings = target->replica->settings();
    if (options_.views == nullptr) co_return;
    if (target->view != nullptr && !settings.keeps_key_view) {
        target->view->stop();
        while (target->view_uses > 0) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
        co_await remove_view(std::move(target->view));
    }
    if (!settings.keeps_key_view) co_return;
    if (target->view != nullptr) {
        target->view->set_partition_count(settings.partition_count);
        co_return;
    }
    key_view_options options;
    options.directory = view_directory(target->replica->id());
    options.partition_count = settings.partition_count;
    target->view = std::make_unique<key_view>(world_, *options_.views, *target->replica, std::move(options));
    // The shard stops: nobody would follow the log.
    if (!env::spawn(work_, target->view->run())) target->view.reset();
}

env::task<> shard::remove_view(std::unique_ptr<key_view> gone) {
    gone->stop();
    while (!gone->has_ended()) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
    const std::string directory = gone->directory();
    gone.reset();
    const std::shared_ptr<const kv::view_resources> views = options_.views;
    const auto removed = co_await env::run_blocking(world_.workers, world_.loop, [directory, views] {
        return kv::view_database::remove(directory, *views);
    });
    if (!removed) log_warning("kv", "{}: removed at the next start", removed.error().message());
}

env::task<offset> shard::retention_limit(hosted* target) {
    if (target->view == nullptr) co_return tablet_log::no_limit;
    ++target->view_uses;
    const offset limit = co_await target->view->log_start_limit();
    --target->view_uses;
    co_return limit;
}

env::task<tablet_errc> shard::bring_view_to(hosted* target, offset to) {
    if (target->view == nullptr) co_return tablet_errc::ok;
    ++target->view_uses;
    const tablet_errc applied = co_await target->view->wait_until_applied(next_offset(to.value()));
    --target->view_uses;
    if (applied == tablet_errc::stopping || applied == tablet_errc::unknown_tablet) co_return applied;
    const offset limit = co_await retention_limit(target);
    co_return to <= limit ? tablet_errc::ok : tablet_errc::storage_unavailable;
}

}  // namespace logstore
