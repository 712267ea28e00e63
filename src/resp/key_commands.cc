// Fields of hashes, a topic each, and plain keys, all in one topic: what is asked and written, key by key.
#include "resp/key_commands.h"

#include <algorithm>

#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/topics.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

byte_vector copied(std::string_view bytes) {
    const bytes_view view = bytes_of(bytes);
    return {view.begin(), view.end()};
}

key_write writing(std::string_view key, std::string_view value) {
    key_write one;
    one.key = copied(key);
    one.value = copied(value);
    return one;
}
key_write deleting(std::string_view key) {
    key_write one;
    one.key = copied(key);
    return one;
}

std::int64_t count_if(const write_call& call, bool key_write_result::*what, bool is) {
    return std::ranges::count_if(call.results, [&](const key_write_result& one) { return one.*what == is; });
}


/// Of SET, behind the value.
void plan_set_options(write_call& call) {
    key_write& one = call.writes.front();
    bool is_conditional = false;
    for (const std::string_view word : call.args.subspan(3)) {
        const bool is_absent = is_word(word, "nx");
        if (is_absent || is_word(word, "xx")) {
            if (is_conditional) call.failure = syntax_error;
            is_conditional = true;
            one.condition = is_absent ? key_condition::absent : key_condition::present;
        } else if (is_word(word, "get")) {
            call.with_previous = true;
        } else if (is_word(word, "ex") || is_word(word, "px") || is_word(word, "exat") || is_word(word, "pxat")) {
            call.failure = "ERR keys live as long as their records in the log; SET takes no time to live";
            return;
        } else if (!is_word(word, "keepttl")) {
            call.failure = syntax_error;
        }
    }
}

/// Pairs of keys and values, from an argument on.
void plan_pairs(write_call& call, std::size_t first) {
    const auto pairs = call.args.subspan(first);
    if (pairs.size() % 2 != 0) {
        call.failure = wrong_arity(find_command(call.args.front())->name);
        return;
    }
    call.writes.reserve(pairs.size() / 2);
    for (std::size_t i = 0; i < pairs.size(); i += 2) call.writes.push_back(writing(pairs[i], pairs[i + 1]));
}

void plan_deletes(write_call& call, std::size_t first) {
    call.makes_topic = false;
    // The same key twice counts once, as it has no value the second time.
    for (const std::string_view key : call.args.subspan(first)) call.writes.push_back(deleting(key));
}

}  // namespace

// --- reading

void plan_fields(key_read_call& call) {
    call.topic = call.args[1];
    call.keys = call.args.subspan(2);
}
void plan_fields_without_values(key_read_call& call) {
    plan_fields(call);
    call.with_values = false;
}
void plan_keys(key_read_call& call) {
    call.topic = call.with.options.key_topic;
    call.keys = call.args.subspan(1);
}
void plan_keys_without_values(key_read_call& call) {
    plan_keys(call);
    call.with_values = false;
}

void answer_value(key_read_call& call) {
    if (call.has(0)) {
        call.out.bulk(call.value(0));
    } else {
        call.out.null();
    }
}
void answer_values(key_read_call& call) {
    call.out.array(call.found.size());
    for (std::size_t i = 0; i < call.found.size(); ++i) {
        if (call.has(i)) {
            call.out.bulk(call.value(i));
        } else {
            call.out.null();
        }
    }
}
void answer_presence(key_read_call& call) {
    call.out.integer(call.has(0) ? 1 : 0);
}
void answer_length(key_read_call& call) {
    call.out.integer(call.has(0) ? static_cast<std::int64_t>(call.value(0).size()) : 0);
}

namespace {

/// What stands behind a name that is no plain key.
std::string_view type_of(const serving& with, std::string_view name) {
    const auto stream = stream_name::of(name);
    if (!stream) return "none";
    const cluster::topic* topic = with.topics.find(with.target.topics(), stream->topic);
    if (topic == nullptr || stream->partition >= topic->partition_count) return "none";
    const auto view = topic->configs.find(std::string_view("kv.enabled"));
    const bool is_hash = stream->topic.size() == name.size() && view != topic->configs.end() && view->second == "true";
    return is_hash ? "hash" : "stream";
}

}  // namespace

void answer_existing(key_read_call& call) {
    std::int64_t there = 0;
    for (std::size_t i = 0; i < call.found.size(); ++i)
        there += call.has(i) || type_of(call.with, call.keys[i]) != "none" ? 1 : 0;
    call.out.integer(there);
}
void answer_type(key_read_call& call) {
    call.out.simple(call.has(0) ? "string" : type_of(call.with, call.keys[0]));
}

// --- writing

void plan_hset(write_call& call) {
    call.topic = call.args[1];
    plan_pairs(call, 2);
}
void plan_hsetnx(write_call& call) {
    call.topic = call.args[1];
    call.writes.push_back(writing(call.args[2], call.args[3]));
    call.writes.front().condition = key_condition::absent;
}
void plan_hdel(write_call& call) {
    call.topic = call.args[1];
    plan_deletes(call, 2);
}
void plan_set(write_call& call) {
    call.topic = call.with.options.key_topic;
    call.writes.push_back(writing(call.args[1], call.args[2]));
    plan_set_options(call);
    call.makes_topic = call.writes.front().condition != key_condition::present;
}
void plan_setnx(write_call& call) {
    call.topic = call.with.options.key_topic;
    call.writes.push_back(writing(call.args[1], call.args[2]));
    call.writes.front().condition = key_condition::absent;
}
void plan_getset(write_call& call) {
    call.topic = call.with.options.key_topic;
    call.writes.push_back(writing(call.args[1], call.args[2]));
    call.with_previous = true;
}
void plan_getdel(write_call& call) {
    call.topic = call.with.options.key_topic;
    plan_deletes(call, 1);
    call.with_previous = true;
}
void plan_mset(write_call& call) {
    call.topic = call.with.options.key_topic;
    plan_pairs(call, 1);
}
void plan_del(write_call& call) {
    call.topic = call.with.options.key_topic;
    plan_deletes(call, 1);
}

void answer_ok(write_call& call) {
    call.out->ok();
}
void answer_added(write_call& call) {
    call.out->integer(count_if(call, &key_write_result::had_value, false));
}
void answer_deleted(write_call& call) {
    call.out->integer(count_if(call, &key_write_result::had_value, true));
}
void answer_written(write_call& call) {
    call.out->integer(count_if(call, &key_write_result::is_written, true));
}
void answer_previous(write_call& call) {
    if (call.results.front().previous) {
        call.out->bulk(call.results.front().previous->value);
    } else {
        call.out->null();
    }
}
void answer_set(write_call& call) {
    if (call.with_previous) return answer_previous(call);
    if (call.results.front().is_written) {
        call.out->ok();
    } else {
        call.out->null();
    }
}

}  // namespace logstore::resp
