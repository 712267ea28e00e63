// Figures of each shard: its loop, its journal, its segments, its memory.
#include <vector>

#include "app/metrics_render.h"

namespace logstore::app {
namespace {

/// Families with one sample a shard.
class of_shards {
  public:
    of_shards(prometheus_text& text, const metrics_snapshot& of) : text_(text), of_(of) {
        for (const shard_sample& one : of.shards) labels_.push_back(label("shard", one.index));
    }

    template <class Value>
    void counter(std::string_view name, std::string_view help, Value value) {
        text_.counter(name, help);
        each([&](const std::string& labels, const shard_figures& figures) {
            text_.sample(labels, static_cast<std::uint64_t>(value(figures)));
        });
    }
    template <class Value>
    void gauge(std::string_view name, std::string_view help, Value value) {
        text_.gauge(name, help);
        each([&](const std::string& labels, const shard_figures& figures) {
            text_.sample(labels, static_cast<std::uint64_t>(value(figures)));
        });
    }
    template <class Value>
    void seconds_counter(std::string_view name, std::string_view help, Value value) {
        text_.counter(name, help);
        each([&](const std::string& labels, const shard_figures& figures) {
            text_.seconds(labels, static_cast<std::uint64_t>(value(figures).count()));
        });
    }
    template <class Action>
    void each(Action action) {
        for (std::size_t i = 0; i < of_.shards.size(); ++i) action(labels_[i], of_.shards[i].storage);
    }

  private:
    prometheus_text& text_;
    const metrics_snapshot& of_;
    std::vector<std::string> labels_;
};

using figures = const shard_figures&;

void render_loops(of_shards& shards) {
    shards.seconds_counter("logstore_shard_busy_seconds_total", "Processor time of the shard's thread.",
                           [](figures of) { return of.loop.busy; });
    shards.counter("logstore_shard_turns_total", "Bursts of work that the shard's loop has run.",
                   [](figures of) { return of.loop.turns; });
    shards.gauge("logstore_shard_partitions", "Partitions that the shard owns.",
                 [](figures of) { return of.tablets; });
}

void render_appends(of_shards& shards) {
    shards.counter("logstore_appended_batches_total", "Record batches given to the journal.",
                   [](figures of) { return of.appends.appended_batches; });
    shards.counter("logstore_appended_records_total", "Records in those batches.",
                   [](figures of) { return of.appends.appended_records; });
    shards.counter("logstore_appended_bytes_total", "Bytes of those batches.",
                   [](figures of) { return of.appends.appended_bytes; });
    shards.gauge("logstore_appends_in_flight", "Appends whose journal group is not durable yet.",
                 [](figures of) { return of.appends_in_flight; });
    shards.gauge("logstore_appends_waiting", "Appends that wait for room in the journal or in memory.",
                 [](figures of) { return of.appends_waiting; });
    shards.gauge("logstore_appends_refused", "1 while appends are refused because the disk has no room.",
                 [](figures of) { return of.refuses_appends ? 1 : 0; });
}

void render_journal(prometheus_text& text, of_shards& shards) {
    shards.counter("logstore_journal_groups_total", "Groups made durable, empty closing ones included.",
                   [](figures of) { return of.journal.groups; });
    shards.counter("logstore_journal_entries_total", "Entries: appends, and what checkpoints and topics need.",
                   [](figures of) { return of.journal.entries; });
    shards.counter("logstore_journal_written_bytes_total", "Bytes written to the journal, padding included.",
                   [](figures of) { return of.journal.bytes_written; });
    text.histograms("logstore_journal_flush_seconds", "From writing a group to knowing that it is durable.");
    shards.each([&](const std::string& labels, figures of) { text.seconds(labels, of.journal.flush_times); });
    text.histograms("logstore_journal_group_bytes", "Bytes on disk of groups that hold entries.");
    shards.each([&](const std::string& labels, figures of) { text.sample(labels, of.journal.group_bytes, 2); });
    text.histograms("logstore_journal_group_appends", "Appends made durable by one flush, where there were any.");
    shards.each([&](const std::string& labels, figures of) { text.sample(labels, of.journal.group_appends, 2); });
    shards.gauge("logstore_journal_groups_waiting", "Full groups that wait for the flush that is under way.",
                 [](figures of) { return of.journal_groups_waiting; });
    shards.gauge("logstore_journal_flushes_in_flight", "1 while a group is being written.",
                 [](figures of) { return of.is_journal_writing ? 1 : 0; });
    shards.gauge("logstore_journal_used_bytes", "Of the journal's files, what a restart would replay.",
                 [](figures of) { return of.journal_used_bytes; });
    shards.gauge("logstore_journal_max_bytes", "Size of all files of the journal.",
                 [](figures of) { return of.journal_capacity_bytes; });
    shards.counter("logstore_journal_files_released_total", "Journal files that were full and are free again.",
                   [](figures of) { return of.journal.files_released; });
    shards.counter("logstore_checkpoints_total", "Checkpoints completed.",
                   [](figures of) { return of.appends.checkpoints; });
    shards.seconds_counter("logstore_checkpoint_seconds_total", "Time that they took.",
                           [](figures of) { return of.appends.checkpoint_time; });
}

void render_segments(prometheus_text& text, of_shards& shards) {
    shards.counter("logstore_segment_written_bytes_total", "Bytes written behind, to segments.",
                   [](figures of) { return of.storage.segment_bytes_written; });
    shards.counter("logstore_segment_flushes_total", "Flushes of segment files.",
                   [](figures of) { return of.storage.segment_flushes; });
    shards.counter("logstore_segments_sealed_total", "Segments that got their last byte.",
                   [](figures of) { return of.storage.segments_sealed; });
    shards.counter("logstore_segments_removed_total", "Segments that retention or a deletion has removed.",
                   [](figures of) { return of.storage.segments_removed; });
    shards.gauge("logstore_write_behinds_in_flight", "Partitions whose segments are being written.",
                 [](figures of) { return of.write_behinds; });
    text.counter("logstore_read_bytes_total", "Bytes of batches read, by where they lay.");
    shards.each([&](const std::string& labels, figures of) {
        text.sample(labels + ",source=\"memory\"", of.storage.memory_bytes_read);
        text.sample(labels + ",source=\"disk\"", of.storage.file_bytes_read);
    });
    text.counter("logstore_read_ahead_pieces_total",
                 "Pieces of segments read before a reader asked for them, by what became of them.");
    shards.each([&](const std::string& labels, figures of) {
        text.sample(labels + ",outcome=\"taken\"", of.read_ahead_taken);
        text.sample(labels + ",outcome=\"dropped\"", of.read_ahead_dropped);
    });
    shards.gauge("logstore_damaged_ranges", "Places in segments where reads have met damage since the start.",
                 [](figures of) { return of.damaged_ranges; });
    shards.gauge("logstore_damaged_bytes", "Bytes of those places.",
                 [](figures of) { return of.damaged_bytes; });
    shards.gauge("logstore_segment_files_open", "Segment files that are kept open.",
                 [](figures of) { return of.open_files; });
    shards.gauge("logstore_segment_files_open_max", "How many may be.",
                 [](figures of) { return of.open_files_max; });
}

void render_memory(of_shards& shards) {
    shards.gauge("logstore_pinned_bytes", "Appended bytes that are in the journal and not yet in segments.",
                 [](figures of) { return of.pinned_bytes; });
    shards.gauge("logstore_pinned_max_bytes", "Their limit; above it appends wait.",
                 [](figures of) { return of.pinned_bytes_max; });
    shards.gauge("logstore_tail_memory_bytes", "Newest batches in memory, those pinned included.",
                 [](figures of) { return of.tail_memory_bytes; });
    shards.gauge("logstore_tail_cache_max_bytes", "What may stay of them when it is no longer pinned.",
                 [](figures of) { return of.tail_cache_bytes_max; });
    shards.gauge("logstore_read_ahead_bytes", "Pieces of segments that were read ahead of readers.",
                 [](figures of) { return of.read_ahead_bytes; });
    shards.gauge("logstore_read_ahead_max_bytes", "Their limit.",
                 [](figures of) { return of.read_ahead_bytes_max; });
    shards.gauge("logstore_index_cache_bytes", "Indexes of segments in memory.",
                 [](figures of) { return of.index_bytes; });
    shards.gauge("logstore_index_cache_max_bytes", "Their limit.", [](figures of) { return of.index_bytes_max; });
}

}  // namespace

void render_storage(prometheus_text& text, const metrics_snapshot& of) {
    of_shards shards(text, of);
    render_loops(shards);
    render_appends(shards);
    render_journal(text, shards);
    render_segments(text, shards);
    render_memory(shards);
}

}  // namespace logstore::app
