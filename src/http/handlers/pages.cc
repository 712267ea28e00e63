// What is served of the program itself: pages, health, metrics, and which methods there are.
#include <algorithm>
#include <ranges>
#include <utility>

#include "http/api_description.h"
#include "http/handlers/handlers.h"

namespace logstore::http {
namespace {

/// Nothing from elsewhere, no scripts, in nobody's frame.
constexpr std::string_view page_policy =
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n";
constexpr std::string_view embedded_policy =
    "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n";

answer text_answer(std::string_view type, std::string text) {
    answer made;
    made.content_type = type;
    made.body = std::move(text);
    return made;
}

const embedded_file* find_file(const request_context& context, std::string_view path) {
    const auto found = std::ranges::find(context.with.options.files, path, &embedded_file::path);
    return found == context.with.options.files.end() ? nullptr : &*found;
}

/// A topic's name holds nothing that HTML minds.
std::string topics_page(const cluster::topic_image& image) {
    constexpr std::size_t topics_shown = 1000;
    std::string page =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>logstore</title>"
        "<style>body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style>"
        "<h1>logstore</h1><table><tr><th>Topic<th>Partitions";
    const auto topics = image.topics();
    for (const cluster::topic_ptr& one : topics | std::views::take(topics_shown)) {
        page += "<tr><td><a href=\"/topics/" + one->name + "\">" + one->name + "</a><td>" +
                std::to_string(one->partition_count);
    }
    page += "</table><p>" + std::to_string(topics.size()) +
            " topics. <a href=\"/topics\">/topics</a> gives all as JSON, <a "
            "href=\"/openapi.yaml\">/openapi.yaml</a> "
            "describes the interface.</html>\n";
    return page;
}

}  // namespace

env::task<answer> serve_page(request_context* context) {
    if (const embedded_file* file = find_file(*context, "/")) {
        answer made = text_answer(file->content_type, std::string(file->content));
        made.fields = embedded_policy;
        co_return made;
    }
    answer made = text_answer(html_type, topics_page(*context->target_broker().topics()));
    made.fields = page_policy;
    co_return made;
}

env::task<answer> serve_openapi(request_context*) {
    co_return text_answer(yaml_type, std::string(api_description()));
}

env::task<answer> serve_live(request_context*) {
    co_return json_answer(200, "{\"status\":\"live\"}\n");
}

env::task<answer> serve_ready(request_context* context) {
    constexpr int soon_s = 1;
    if (context->with.is_stopping) {
        co_return answer_of(
            api_error(503, "stopping", "the server is stopping; use another, or try again", soon_s));
    }
    co_return json_answer(200, "{\"status\":\"ready\"}\n");
}

env::task<answer> serve_metrics(request_context* context) {
    if (context->with.process_metrics == nullptr) {
        co_return answer_of(api_error(404, "no_metrics", "this server was started without metrics"));
    }
    std::string text = co_await context->with.process_metrics->render();
    co_return text_answer(metrics_type, std::move(text));
}

/// Without an origin: what there is. With one it is a browser's question whether another site's page may, and
/// that is answered only for pages that may: a page of this server never asks.
env::task<answer> serve_options(request_context* context) {
    answer made;
    made.status = 204;
    made.fields.append("Allow: OPTIONS, ").append(allowed_methods(context->what.where)).append("\r\n");
    if (!context->allowed_origin.empty()) {
        made.fields.append("Access-Control-Allow-Methods: ").append(allowed_methods(context->what.where));
        made.fields.append("\r\nAccess-Control-Allow-Headers: Content-Type, Last-Event-ID\r\n");
        made.fields.append("Access-Control-Max-Age: 600\r\n");
    }
    co_return made;
}

}  // namespace logstore::http
