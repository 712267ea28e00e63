#include "env/system_random.h"

#include <array>

#include <sys/random.h>

#include "base/check.h"

namespace logstore::env {

system_random::system_random() {
    std::array<std::uint32_t, 8> seed{};
    const ssize_t got = ::getrandom(seed.data(), sizeof seed, 0);
    CHECK(got == ssize_t(sizeof seed), "the kernel gives no randomness");
    std::seed_seq sequence(seed.begin(), seed.end());
    engine_.seed(sequence);
}

}  // namespace logstore::env
