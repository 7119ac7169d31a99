// Files that are read and written as a whole: nobody ever sees half of one.
//
// What is written stands beside its place first (kBeside), is on disk, and is moved there; what a
// crash leaves beside counts for nothing. A failure leaves the old file and nothing beside it.
// Thread: any; these block on the disk.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace discovery::sources {

inline constexpr std::string_view kBeside = ".new";

struct WholeFile {
  enum class Outcome { read, failed, no_regular_file, too_large } outcome = Outcome::failed;
  std::string bytes;
  int error = 0;  // errno of what failed
};
WholeFile read_whole(const std::string& path, std::size_t at_most);

base::Result<void> write_whole(const std::string& path, std::string_view bytes, ::mode_t mode);
// Renames and removals in the folder outlive a power cut only after this.
base::Result<void> sync_folder(const std::string& path);

}  // namespace discovery::sources
