#include "log/whole_file.h"

#include "base/planted_fault.h"
#include "log/log_errc.h"

namespace logstore {

env::task<result<>> replace_file(env::file_system* files, std::string folder, std::string name, byte_vector content) {
    const std::string path = folder + "/" + name;
    const std::string draft = path + ".new";
    auto opened = co_await files->open(draft, env::open_options::read_write().creating());
    if (!opened) co_return std::unexpected(opened.error());
    std::unique_ptr<env::file> file = std::move(*opened);
    auto cut = co_await file->truncate(0);
    if (!cut) co_return cut;
    auto written = co_await file->write(0, content);
    if (!written) co_return written;
    result<> flushed;
    if (!is_planted(planted_fault::replaced_without_flush)) flushed = co_await file->flush();
    if (!flushed) co_return flushed;
    file.reset();
    auto renamed = co_await files->rename(draft, path);
    if (!renamed || is_planted(planted_fault::rename_without_directory_flush)) co_return renamed;
    co_return co_await files->sync_directory(folder);
}

env::task<result<byte_vector>> read_whole_file(env::file_system* files, std::string path, std::uint64_t bytes_max) {
    auto opened = co_await files->open(path, env::open_options::read_only());
    if (!opened) co_return std::unexpected(opened.error());
    std::unique_ptr<env::file> file = std::move(*opened);
    auto dropped = co_await file->drop_cache();
    if (!dropped) co_return std::unexpected(dropped.error());
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(size.error());
    if (*size > bytes_max) co_return fail(log_errc::corrupt, path + " is larger than it can be");
    byte_vector content(*size);
    auto got = co_await file->read(0, content);
    if (!got) co_return std::unexpected(got.error());
    content.resize(*got);
    co_return content;
}

}  // namespace logstore
