// Lists that mostly have one element: the topics and partitions of a produce request or its answer.
#pragma once

#include <boost/container/small_vector.hpp>

namespace logstore::kafka {

/// A vector whose first element needs no allocation.
template <class T>
using short_list = boost::container::small_vector<T, 1>;

}  // namespace logstore::kafka
