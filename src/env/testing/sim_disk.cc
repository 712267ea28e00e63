#include "env/testing/sim_disk.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "env/testing/sim_disk_request.h"

namespace logstore::env {

namespace {

using kind = sim_disk_operation_kind;

bool is_write(kind which) {
    return which == kind::write || which == kind::write_durably;
}

bool changes_names_or_sizes(kind which) {
    switch (which) {
        case kind::open:
        case kind::make_directory:
        case kind::rename:
        case kind::remove_file:
        case kind::remove_directory:
        case kind::sync_directory:
        case kind::reserve:
        case kind::truncate: return true;
        default: return false;
    }
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

}  // namespace

std::string_view name_of(sim_disk_operation_kind which) {
    switch (which) {
        case kind::open: return "open";
        case kind::make_directory: return "make_directory";
        case kind::list: return "list";
        case kind::exists: return "exists";
        case kind::rename: return "rename";
        case kind::remove_file: return "remove_file";
        case kind::remove_directory: return "remove_directory";
        case kind::sync_directory: return "sync_directory";
        case kind::space: return "space";
        case kind::lock: return "lock";
        case kind::read: return "read";
        case kind::write: return "write";
        case kind::write_durably: return "write_durably";
        case kind::flush: return "flush";
        case kind::reserve: return "reserve";
        case kind::truncate: return "truncate";
        case kind::size: return "size";
        case kind::drop_cache: return "drop_cache";
    }
    return "?";
}

sim_disk_predicate sim_disk_operations(sim_disk_operation_kind which, std::string path_ending) {
    return [which, ending = std::move(path_ending)](const sim_disk_operation& one) {
        return one.kind == which && one.path.ends_with(ending);
    };
}

sim_disk::sim_disk(sim_scheduler& scheduler, std::uint64_t seed, sim_disk_options options)
    : scheduler_(scheduler),
      random_(sim_random::for_part(seed, "disk")),
      options_(options),
      total_bytes_(options.total_bytes) {
    for (const auto which : {kind::open, kind::make_directory, kind::list, kind::exists, kind::rename,
                             kind::remove_file, kind::remove_directory, kind::space, kind::lock,
                             kind::reserve, kind::truncate, kind::size, kind::drop_cache}) {
        latencies_[which] = options.metadata;
    }
    latencies_[kind::read] = options.read;
    latencies_[kind::write] = options.write;
    for (const auto which : {kind::write_durably, kind::flush, kind::sync_directory})
        latencies_[which] = options.flush;
}

sim_disk::~sim_disk() {
    // Coroutines of a process that hung without power may still be there; they never go on.
    for (auto& [ticket, request] : under_way_) {
        scheduler_.cancel(request->completion_);
        request->ticket_ = 0;
    }
}

// ---- requests

void sim_disk::submit(sim_disk_request& request) {
    request.ticket_ = ++last_ticket_;
    under_way_.emplace(request.ticket_, &request);
    request.is_dead_ = request.process_ != process_;
    if (request.is_dead_ || !has_power_) {
        if (request.is_dead_) schedule(request);
        return;
    }
    request.what_.number = ++counters_.operations;
    request.what_.started = scheduler_.now();
    record(request);
    decide_fault(request);
    if (request.begin) request.begin();
    if (request.what_.number == crash_at_) {
        lose_power();
    } else if (!request.held_) {
        schedule(request);
    }
}

void sim_disk::decide_fault(sim_disk_request& request) {
    for (auto& rule : rules_) {
        if (rule.remaining == 0 || !rule.which(request.what_)) continue;
        const bool only_for_writes =
            rule.effect == fault_effect::lose || rule.effect == fault_effect::misdirect;
        if (only_for_writes && !is_write(request.what_.kind)) continue;
        --rule.remaining;
        switch (rule.effect) {
            case fault_effect::error:
                request.fault_ = rule.code;
                ++counters_.errors_injected;
                break;
            case fault_effect::lose:
                request.lost_ = true;
                ++counters_.writes_lost;
                break;
            case fault_effect::misdirect:
                request.shift_ = rule.shift;
                ++counters_.writes_misdirected;
                break;
            case fault_effect::hold: request.held_ = true; break;
        }
        break;
    }
    std::erase_if(rules_, [](const fault_rule& rule) { return rule.remaining == 0; });
}

void sim_disk::schedule(sim_disk_request& request) {
    const duration how_long =
        request.is_dead_ ? duration(0) : latencies_.at(request.what_.kind).draw(random_);
    request.completion_ =
        scheduler_.at(scheduler_.now() + how_long, &request.on_, [this, &request] { finish(request); });
}

void sim_disk::finish(sim_disk_request& request) {
    under_way_.erase(request.ticket_);
    request.ticket_ = 0;
    if (request.is_dead_) {
        request.outcome_ = std::make_error_code(std::errc::no_such_device);
    } else if (request.will_fail()) {
        if (request.fail) request.fail(random_);
        request.outcome_ = request.fault_;
    } else {
        request.outcome_ = request.apply();
        if (request.outcome_ == std::errc::no_space_on_device) ++counters_.refused_for_space;
    }
    if (request.what_.number != 0) record_outcome(request);
    request.waiter_.resume();  // and the request is gone
}

void sim_disk::withdraw(sim_disk_request& request) {
    under_way_.erase(request.ticket_);
    scheduler_.cancel(request.completion_);
}

// ---- trace

void sim_disk::add_to_hash(std::uint64_t value) {
    trace_hash_ = (trace_hash_ ^ value) * 0x9e3779b97f4a7c15;
    trace_hash_ ^= trace_hash_ >> 29;
}

void sim_disk::record(sim_disk_request& request) {
    const auto& what = request.what_;
    for (const auto value :
         {what.number, static_cast<std::uint64_t>(what.kind), hash_of(what.path), what.position, what.length,
          static_cast<std::uint64_t>(what.started.time_since_epoch().count())}) {
        add_to_hash(value);
    }
    trace_.push_back(what);
    if (trace_.size() > options_.trace_limit) trace_.pop_front();
}

void sim_disk::record_outcome(const sim_disk_request& request) {
    const auto number = request.what_.number;
    add_to_hash(number);
    add_to_hash(static_cast<std::uint64_t>(request.outcome_.value()));
    add_to_hash(static_cast<std::uint64_t>(scheduler_.now().time_since_epoch().count()));
    if (trace_.empty() || number < trace_.front().number) return;
    trace_[number - trace_.front().number].outcome = request.outcome_;
}

std::string sim_disk::trace_text(std::size_t last) const {
    std::string text;
    for (std::size_t i = trace_.size() - std::min(last, trace_.size()); i < trace_.size(); ++i) {
        const auto& one = trace_[i];
        const auto at_us =
            std::chrono::duration_cast<std::chrono::microseconds>(one.started.time_since_epoch()).count();
        std::string outcome = "did not end";
        if (one.outcome) outcome = one.outcome->value() == 0 ? "ok" : one.outcome->message();
        text += fmt::format("{:>6} {:>14} us  {:<16} {} {}+{}  {}\n", one.number, at_us, name_of(one.kind),
                            one.path, one.position, one.length, outcome);
    }
    return text;
}

// ---- power and processes

void sim_disk::crash_after(std::uint64_t n, std::function<void()> then) {
    CHECK(n > 0);
    crash_at_ = counters_.operations + n;
    then_ = std::move(then);
}

void sim_disk::lose_power() {
    has_power_ = false;
    crash_at_ = 0;
    for (auto& [ticket, request] : under_way_) {
        if (request->is_dead_) continue;
        scheduler_.cancel(request->completion_);
        request->completion_ = 0;
    }
    if (then_) scheduler_.at(scheduler_.now(), nullptr, std::exchange(then_, {}));
}

void sim_disk::end_process(sim_random& random, bool interrupted_may_happen) {
    for (auto& [ticket, request] : under_way_) {
        if (request->is_dead_) continue;
        // What was asked for after the power went was never begun.
        if (request->what_.number != 0) {
            ++counters_.operations_interrupted;
            if (!interrupted_may_happen) {
                // nothing of it did
            } else if (request->interrupt) {
                request->interrupt(random);
            } else if (changes_names_or_sizes(request->what_.kind) && random.coin()) {
                (void)request->apply();
            }
        }
        request->is_dead_ = true;
        request->held_ = false;
        scheduler_.cancel(request->completion_);
        schedule(*request);
    }
    ++process_;
    crash_at_ = 0;
    then_ = {};
    locked_.clear();
}

void sim_disk::crash(std::uint64_t seed, sim_crash_style style) {
    sim_random random = sim_random::for_part(seed, "crash");
    end_process(random, style != sim_crash_style::lose_unflushed);
    ++counters_.power_cuts;
    names_.crash(random, style, counters_.crash);
    used_bytes_ = 0;
    for (const auto& inode : names_.all()) {
        inode->handles = 0;
        inode->bytes.crash(random, style, counters_.crash);
        used_bytes_ += inode->bytes.allocated_bytes();
    }
    has_power_ = true;
}

void sim_disk::kill(std::uint64_t seed) {
    CHECK(has_power_, "the power is off: crash() brings it back");
    sim_random random = sim_random::for_part(seed, "kill");
    end_process(random, true);
    ++counters_.kills;
    used_bytes_ = 0;
    for (const auto& inode : names_.all()) {
        inode->handles = 0;
        used_bytes_ += inode->bytes.allocated_bytes();
    }
}

// ---- faults

void sim_disk::fail_operation(std::uint64_t n, std::errc code, bool sticky) {
    CHECK(n > 0);
    const std::uint64_t first = counters_.operations + n;
    const auto which = [first, sticky](const sim_disk_operation& one) {
        return sticky ? one.number >= first : one.number == first;
    };
    fail_matching(which, code, sticky ? std::numeric_limits<std::uint64_t>::max() : 1);
}

void sim_disk::fail_matching(sim_disk_predicate which, std::errc code, std::uint64_t count) {
    rules_.push_back({std::move(which), fault_effect::error,
                      std::error_code(static_cast<int>(code), std::generic_category()), 0, count});
}

void sim_disk::lose_writes(sim_disk_predicate which, std::uint64_t count) {
    rules_.push_back({std::move(which), fault_effect::lose, {}, 0, count});
}

void sim_disk::misdirect_writes(sim_disk_predicate which, std::int64_t shift, std::uint64_t count) {
    CHECK(shift != 0 && shift % static_cast<std::int64_t>(sim_sector_bytes) == 0, "shift={}", shift);
    rules_.push_back({std::move(which), fault_effect::misdirect, {}, shift, count});
}

void sim_disk::hold(sim_disk_predicate which) {
    rules_.push_back(
        {std::move(which), fault_effect::hold, {}, 0, std::numeric_limits<std::uint64_t>::max()});
}

void sim_disk::release() {
    std::erase_if(rules_, [](const fault_rule& rule) { return rule.effect == fault_effect::hold; });
    for (auto& [ticket, request] : under_way_) {
        if (!std::exchange(request->held_, false) || !has_power_) continue;
        schedule(*request);
    }
}

sim_inode& sim_disk::file_at(std::string_view path) const {
    const auto found = names_.find(path);
    CHECK(found && !(*found)->is_directory, "{} is no file", path);
    return **found;
}

void sim_disk::flip_bit(std::string_view path, std::uint64_t position, unsigned bit) {
    CHECK(bit < 8, "bit={}", bit);
    auto& bytes = file_at(path).bytes;
    std::byte one{};
    CHECK(bytes.read_stable(position, mutable_bytes(&one, 1)) == 1, "{} has no durable byte at {}", path,
          position);
    one ^= std::byte{1} << bit;
    bytes.overwrite_media(position, bytes_view(&one, 1));
    ++counters_.bits_flipped;
}

std::vector<std::uint64_t> sim_disk::flip_bits(std::string_view path, std::uint64_t position,
                                               std::uint64_t length, std::uint64_t count,
                                               std::uint64_t seed) {
    sim_random random = sim_random::for_part(seed, "bit rot");
    std::vector<std::uint64_t> places;
    for (std::uint64_t i = 0; i < count; ++i) {
        places.push_back(position + random.below(length));
        flip_bit(path, places.back(), static_cast<unsigned>(random.below(8)));
    }
    return places;
}

void sim_disk::overwrite_media(std::string_view path, std::uint64_t position, bytes_view bytes) {
    file_at(path).bytes.overwrite_media(position, bytes);
}

void sim_disk::drop_caches() {
    for (const auto& inode : names_.all()) inode->bytes.drop_clean_pages();
}

// ---- for checkers

std::optional<byte_vector> sim_disk::durable_contents(std::string_view path, std::uint64_t position,
                                                      std::uint64_t length) const {
    const auto found = names_.find_stable(path);
    if (!found || (*found)->is_directory) return std::nullopt;
    const auto size = (*found)->bytes.stable_size();
    byte_vector bytes(std::min(length, size - std::min(size, position)));
    (*found)->bytes.read_stable(position, bytes);
    return bytes;
}

std::optional<byte_vector> sim_disk::contents(std::string_view path) const {
    const auto found = names_.find(path);
    if (!found || (*found)->is_directory) return std::nullopt;
    byte_vector bytes((*found)->bytes.size());
    (*found)->bytes.peek(0, bytes);
    return bytes;
}

std::vector<std::string> sim_disk::durable_names(std::string_view path) const {
    std::vector<std::string> names;
    const auto found = names_.find_stable(path);
    if (!found) return names;
    for (const auto& [name, inode] : (*found)->stable_names) names.push_back(name);
    return names;
}

// ---- space

std::error_code sim_disk::allocate(sim_inode& inode, std::uint64_t position, std::uint64_t length) {
    const auto affordable = inode.bytes.affordable_bytes(position, length, free_bytes());
    if (affordable < length) return std::error_code(ENOSPC, std::generic_category());
    const auto before = inode.bytes.allocated_bytes();
    inode.bytes.allocate(position, length);
    account(inode, before);
    return {};
}

void sim_disk::account(sim_inode& inode, std::uint64_t allocated_before) {
    used_bytes_ = used_bytes_ + inode.bytes.allocated_bytes() - allocated_before;
}

void sim_disk::let_go(sim_inode& inode) {
    if (!inode.is_named && inode.handles == 0) used_bytes_ -= inode.bytes.allocated_bytes();
}

}  // namespace logstore::env
