#include "app/metrics_render.h"

#include "app/version.h"

namespace logstore::app {

std::string render_metrics(const metrics_snapshot& of) {
    prometheus_text text;
    render_process(text, of);
    render_storage(text, of);
    render_doors(text, of);
    return text.finish();
}

void render_process(prometheus_text& text, const metrics_snapshot& of) {
    const auto gauge = [&](std::string_view name, std::string_view help, std::uint64_t value) {
        text.gauge(name, help);
        text.sample("", value);
    };
    text.gauge("logstore_build_info", "1; the labels say which program this is.");
    text.sample(label("version", version_number()) + "," + label("build", build_kind()), 1);
    gauge("logstore_shards", "Threads that own partitions.", of.shards.size());
    gauge("logstore_topics", "Topics that exist.", of.topics);
    gauge("logstore_partitions", "Partitions of all topics.", of.partitions);
    gauge("logstore_memory_limits_bytes", "What all limits of docs/limits.md add up to.", of.start.limits_bytes);
    gauge("logstore_disk_free_bytes", "Free for this process on the file system with the data.", of.disk.free_bytes);
    gauge("logstore_disk_size_bytes", "Of the file system with the data.", of.disk.total_bytes);

    text.gauge("logstore_recovery_seconds", "What the last start took until everything could be served.");
    text.seconds("", static_cast<std::uint64_t>(of.start.recovery_time.count()));
    gauge("logstore_recovery_journal_groups", "Journal groups that the last start replayed.",
          of.start.recovered_groups);
    gauge("logstore_recovery_journal_bytes", "Bytes that the last start replayed from journals.",
          of.start.recovered_bytes);

    // The names that every exporter gives these.
    text.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.");
    constexpr std::uint64_t nanoseconds_per_millisecond = 1'000'000;
    text.seconds("", static_cast<std::uint64_t>(of.process.started.value()) * nanoseconds_per_millisecond);
    text.counter("process_cpu_seconds_total", "Processor time of all threads.");
    text.seconds("", static_cast<std::uint64_t>(of.process.processor_time.count()));
    gauge("process_resident_memory_bytes", "Memory of the machine that the process has.", of.process.resident_bytes);
    gauge("process_virtual_memory_bytes", "Addresses that the process has reserved.", of.process.virtual_bytes);
    gauge("process_open_fds", "Open file descriptors: files, connections, the system's own.", of.process.open_files);
    gauge("process_max_fds", "The limit on open file descriptors.", of.open_files_max);
}

}  // namespace logstore::app
