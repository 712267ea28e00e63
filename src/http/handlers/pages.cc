// What is served of the program itself: pages, health, metrics, and which methods there are.
#include <utility>

#include "http/answer_hold.h"
#include "http/api_description.h"
#include "http/handlers/handlers.h"
#include "http/web_page.h"

namespace logstore::http {
namespace {

/// About as much as all metrics of a few shards.
constexpr std::size_t metrics_bytes = std::size_t(128) << 10;

/// A text of the program is large beside what a connection may keep unsent.
answer copied_answer(request_context& context, std::string_view type, std::string_view text) {
    answer_hold hold(context.with.answer_memory);
    if (!hold.try_take(text.size())) return answer_of(overloaded());
    answer made;
    made.content_type = type;
    made.body = text;
    hold.hand_over(text.size(), context.held_bytes);
    return made;
}

answer text_answer(std::string_view type, std::string text) {
    answer made;
    made.content_type = type;
    made.body = std::move(text);
    return made;
}

}  // namespace

env::task<answer> serve_page(request_context* context) {
    answer made = copied_answer(*context, html_type, web_page());
    if (made.status == 200) made.fields = web_page_policy();
    co_return made;
}

env::task<answer> serve_openapi(request_context* context) {
    co_return copied_answer(*context, yaml_type, api_description());
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
    answer_hold hold(context->with.answer_memory);
    if (!hold.try_take(metrics_bytes)) co_return answer_of(overloaded());
    std::string text = co_await context->with.process_metrics->render();
    hold.hand_over(text.size(), context->held_bytes);
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
