#include "tablet/tablet_errc.h"

#include <string>

namespace logstore {

const std::error_category& tablet_category() {
    static const struct final : std::error_category {
        const char* name() const noexcept override { return "tablet"; }
        std::string message(int code) const override {
            switch (static_cast<tablet_errc>(code)) {
                case tablet_errc::ok: return "ok";
                case tablet_errc::unknown_tablet: return "no such topic or partition";
                case tablet_errc::offset_out_of_range: return "the offset is outside the log";
                case tablet_errc::fenced_leader_epoch: return "the leader epoch is too old";
                case tablet_errc::unknown_leader_epoch: return "the leader epoch is newer than the broker's";
                case tablet_errc::corrupt_batch: return "the record batch is corrupt";
                case tablet_errc::batch_too_large: return "the record batch is larger than max.message.bytes";
                case tablet_errc::invalid_batch: return "the record batch breaks a rule";
                case tablet_errc::storage_unavailable: return "no room on disk";
                case tablet_errc::storage_error: return "the stored data cannot be read";
                case tablet_errc::no_view: return "the topic keeps no key view (kv.enabled)";
                case tablet_errc::view_building: return "the key view is being built";
                case tablet_errc::too_large: return "a key or an answer is too large";
                case tablet_errc::stopping: return "the broker is stopping";
                case tablet_errc::outcome_unknown: return "the outcome is not known";
            }
            return "unknown tablet error";
        }
    } category;
    return category;
}

}  // namespace logstore
