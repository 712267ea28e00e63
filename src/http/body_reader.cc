#include "http/body_reader.h"

#include <limits>
#include <new>

#include <boost/json/src.hpp>
#include <fmt/format.h>

#include "base/utf8.h"
#include "http/base64.h"

namespace logstore::http {
namespace {

namespace json = boost::json;

std::string_view view_of(json::string_view text) {
    return {text.data(), text.size()};
}

std::unexpected<api_error> invalid(std::string sentence) {
    return refuse(400, "invalid_body", std::move(sentence));
}
std::unexpected<api_error> too_complex() {
    return refuse(413, "body_too_complex",
                  "the body takes too much memory to understand; send fewer records at a time");
}

/// Gives out at most so many bytes until it is told to start anew.
class limited_memory final : public json::memory_resource {
  public:
    void allow(std::size_t bytes) { left_ = bytes; }

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        if (bytes > left_) throw std::bad_alloc();  // caught where Boost.JSON is called
        left_ -= bytes;
        return ::operator new(bytes, std::align_val_t(alignment));
    }
    void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
        left_ += bytes;
        ::operator delete(at, std::align_val_t(alignment));
    }
    bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }

    std::size_t left_ = 0;
};

/// Where something stands in the body, for sentences: "records[3].key".
struct place {
    std::int64_t record = -1;
    std::string_view field;

    std::string text() const {
        return record < 0 ? std::string(field) : fmt::format("records[{}].{}", record, field);
    }
};

}  // namespace

struct body_reader::state {
    static constexpr std::size_t kept_bytes = std::size_t(16) << 10;

    /// What the first steps of a body are read into; most need no more.
    std::vector<unsigned char> first_memory = std::vector<unsigned char>(kept_bytes);
    std::vector<unsigned char> parser_memory = std::vector<unsigned char>(kept_bytes);
    limited_memory more_memory;
    std::optional<json::monotonic_resource> memory;
    std::optional<json::value> document;
    posted_records found;
    bool is_base64 = false;

    void forget() {
        document.reset();
        memory.reset();
        found.topic = {};
        found.records.clear();
        found.headers.clear();
        is_base64 = false;
        constexpr std::size_t records_kept = 64;
        if (found.records.capacity() > records_kept) found.records.shrink_to_fit();
        if (found.headers.capacity() > records_kept) found.headers.shrink_to_fit();
    }

    api_result<const json::object*> parse(bytes_view body) {
        forget();
        const std::string_view text = text_of(body);
        if (!is_utf8(text))
            return invalid("the body is not UTF-8; give other bytes as base64, with \"encoding\":\"base64\"");
        more_memory.allow(memory_bytes_base + memory_factor * body.size());
        memory.emplace(first_memory.data(), first_memory.size(), &more_memory);
        json::parse_options options;
        options.max_depth = depth_max;
        try {
            json::parser parser(&more_memory, options, parser_memory.data(), parser_memory.size());
            parser.reset(&*memory);
            json::error_code code;
            parser.write(text.data(), text.size(), code);
            if (code == json::error::too_deep) return invalid("the body is nested too deeply");
            if (code) return invalid(fmt::format("the body is not JSON: {}", code.message()));
            document.emplace(parser.release());
        } catch (const std::bad_alloc&) {
            return too_complex();
        } catch (const std::exception&) {  // a text longer than Boost.JSON can hold
            return too_complex();
        }
        const json::object* object = document->if_object();
        if (object == nullptr) return invalid("the body must be a JSON object");
        return object;
    }

    static api_result<std::string_view> text(const json::value& from, place at) {
        const json::string* found_text = from.if_string();
        if (found_text == nullptr) return invalid(fmt::format("{} must be a string", at.text()));
        return view_of(*found_text);
    }

    static api_result<std::int64_t> number(const json::value& from, place at, std::int64_t max) {
        const std::int64_t* found_number = from.if_int64();
        if (found_number == nullptr || *found_number < 0 || *found_number > max) {
            return invalid(fmt::format("{} must be a whole number from 0 to {}", at.text(), max));
        }
        return *found_number;
    }

    api_result<bytes_view> bytes(const json::value& from, place at) {
        const auto found_text = text(from, at);
        if (!found_text) return std::unexpected(found_text.error());
        if (!is_base64) return bytes_of(*found_text);
        const std::size_t room = std::max<std::size_t>(1, base64_decoded_bytes_max(found_text->size()));
        auto* const decoded = static_cast<std::byte*>(memory->allocate(room, 1));
        const std::size_t size = decode_base64(*found_text, decoded);
        if (size == not_base64) return invalid(fmt::format("{} is not base64", at.text()));
        return bytes_view(decoded, size);
    }

    api_result<> take_bytes(const json::value& from, place at, std::optional<bytes_view>& into) {
        if (from.is_null()) return {};
        const auto found_bytes = bytes(from, at);
        if (!found_bytes) return std::unexpected(found_bytes.error());
        into = *found_bytes;
        return {};
    }

    api_result<> take_partition(const json::value& from, place at, std::optional<std::int32_t>& into) {
        const auto found_number = number(from, at, std::numeric_limits<std::int32_t>::max());
        if (!found_number) return std::unexpected(found_number.error());
        into = static_cast<std::int32_t>(*found_number);
        return {};
    }

    /// [{"key": …, "value": …}].
    api_result<> take_headers(const json::value& from, place at, posted_record& into) {
        const json::array* list = from.if_array();
        const auto wrong = [&] {
            return invalid(fmt::format("{} must be a list of {{\"key\": string, \"value\": string or null}}",
                                       at.text()));
        };
        if (list == nullptr) return wrong();
        into.first_header = found.headers.size();
        into.header_count = list->size();
        for (const json::value& one : *list) {
            const json::object* object = one.if_object();
            if (object == nullptr || object->size() != 2) return wrong();
            const json::value* key = object->if_contains("key");
            const json::value* value = object->if_contains("value");
            if (key == nullptr || value == nullptr || !key->is_string()) return wrong();
            kafka::record_header& header = found.headers.emplace_back();
            header.key = view_of(key->get_string());
            if (auto taken = take_bytes(*value, at, header.value); !taken) return taken;
        }
        return {};
    }

    /// A field that any record may have. Nothing: it is none of these.
    std::optional<api_result<>> take_record_field(std::string_view name, const json::value& from,
                                                  std::int64_t index, posted_record& into, bool& has_value) {
        const place at{index, name};
        if (name == "key") return take_bytes(from, at, into.key);
        if (name == "value") return has_value = true, take_bytes(from, at, into.value);
        if (name == "partition") return take_partition(from, at, into.partition);
        if (name == "headers") return take_headers(from, at, into);
        if (name == "timestamp") {
            const auto when = number(from, at, std::numeric_limits<std::int64_t>::max());
            if (!when) return api_result<>(std::unexpected(when.error()));
            into.timestamp = timestamp_ms(*when);
            return api_result<>();
        }
        return std::nullopt;
    }

    /// "encoding" counts for fields before it, too.
    api_result<> take_encoding(const json::object& from) {
        const json::value* encoding = from.if_contains("encoding");
        if (encoding == nullptr) return {};
        const json::string* name = encoding->if_string();
        if (name == nullptr || (*name != "base64" && *name != "text")) {
            return invalid("encoding must be \"text\" or \"base64\"");
        }
        is_base64 = *name == "base64";
        return {};
    }

    static std::unexpected<api_error> unknown_field(std::int64_t index, std::string_view name) {
        // The name may be anything of any length.
        constexpr std::size_t name_bytes_shown = 64;
        std::size_t shown = std::min(name.size(), name_bytes_shown);
        while (shown < name.size() && shown > 0 && (static_cast<unsigned char>(name[shown]) & 0xC0) == 0x80)
            --shown;
        return invalid(fmt::format("there is no field {}; docs/http.md lists what there is",
                                   place{index, name.substr(0, shown)}.text()));
    }

    api_result<> read_record(const json::value& from, std::int64_t index) {
        const json::object* object = from.if_object();
        if (object == nullptr) return invalid(fmt::format("records[{}] must be an object", index));
        posted_record& record = found.records.emplace_back();
        bool has_value = false;
        for (const auto& [name, value] : *object) {
            const auto taken = take_record_field(view_of(name), value, index, record, has_value);
            if (!taken) return unknown_field(index, view_of(name));
            if (!*taken) return *taken;
        }
        if (!has_value)
            return invalid(fmt::format("records[{}].value is missing; null is a value, too", index));
        return {};
    }
};

body_reader::body_reader() : state_(std::make_unique<state>()) {}
body_reader::~body_reader() = default;

api_result<const posted_records*> body_reader::read_append(bytes_view body) {
    const auto object = state_->parse(body);
    if (!object) return std::unexpected(object.error());
    if (auto taken = state_->take_encoding(**object); !taken) return std::unexpected(taken.error());
    posted_record& record = state_->found.records.emplace_back();
    bool has_value = false;
    for (const auto& [key, value] : **object) {
        const std::string_view name = view_of(key);
        if (name == "encoding") continue;
        if (name == "topic") {
            const auto topic = state::text(value, {-1, name});
            if (!topic) return std::unexpected(topic.error());
            if (topic->empty())
                return refuse(400, "invalid_topic_name", "topic is empty; leave it out for the default one");
            state_->found.topic = *topic;
            continue;
        }
        const auto taken = state_->take_record_field(name, value, -1, record, has_value);
        if (!taken) return state::unknown_field(-1, name);
        if (!*taken) return std::unexpected(taken->error());
    }
    if (!has_value) return invalid("value is missing; null is a value, too");
    return &state_->found;
}

api_result<const posted_records*> body_reader::read_records(bytes_view body) {
    const auto object = state_->parse(body);
    if (!object) return std::unexpected(object.error());
    if (auto taken = state_->take_encoding(**object); !taken) return std::unexpected(taken.error());
    std::optional<std::int32_t> partition;
    const json::array* records = nullptr;
    for (const auto& [key, value] : **object) {
        const std::string_view name = view_of(key);
        if (name == "encoding") continue;
        if (name == "partition") {
            if (auto taken = state_->take_partition(value, {-1, name}, partition); !taken) {
                return std::unexpected(taken.error());
            }
        } else if (name == "records") {
            records = value.if_array();
        } else {
            return state::unknown_field(-1, name);
        }
    }
    if (records == nullptr || records->empty())
        return invalid("records must be a list of at least one record");
    state_->found.records.reserve(records->size());
    for (std::size_t i = 0; i < records->size(); ++i) {
        if (auto read = state_->read_record((*records)[i], static_cast<std::int64_t>(i)); !read) {
            return std::unexpected(read.error());
        }
        posted_record& record = state_->found.records.back();
        if (!record.partition) record.partition = partition;
    }
    return &state_->found;
}

api_result<posted_topic> body_reader::read_topic(bytes_view body, bool has_name) {
    posted_topic topic;
    if (body.empty() && !has_name) return topic;
    const auto object = state_->parse(body);
    if (!object) return std::unexpected(object.error());
    for (const auto& [key, value] : **object) {
        const std::string_view name = view_of(key);
        if (name == "name" && has_name) {
            const auto text = state::text(value, {-1, name});
            if (!text) return std::unexpected(text.error());
            topic.name = *text;
        } else if (name == "partitions") {
            if (auto taken = state_->take_partition(value, {-1, name}, topic.partitions); !taken) {
                return std::unexpected(taken.error());
            }
        } else if (name == "configs") {
            const json::object* configs = value.if_object();
            if (configs == nullptr) return invalid("configs must be an object of strings");
            for (const auto& [config, setting] : *configs) {
                const auto text = state::text(setting, {-1, view_of(config)});
                if (!text) return std::unexpected(text.error());
                topic.configs.emplace(view_of(config), *text);
            }
        } else {
            return state::unknown_field(-1, name);
        }
    }
    if (has_name && topic.name.empty()) return invalid("name is missing");
    return topic;
}

}  // namespace logstore::http
