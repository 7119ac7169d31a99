// Keeps the last good text of every file, so that a bad document changes nothing that served before
// it.
//
// The unit is the file: while a file has an error, or clashes with what serves, its last good text
// serves, the others change as written (changes.hpp); a file that was never good serves nothing.
// What serves and is clashed with has a warning, the change the error. Problems are always those of
// the files as they are now, all at once: a document that cannot be read is judged too, as far as
// it could be. Thread: builder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "resources/documents.hpp"
#include "resources/kept_documents.hpp"

namespace agent {

struct AcceptedDocuments {
  resources::Documents documents;
  resources::Problems problems;         // of the files as written
  std::vector<std::string> held_back;   // files and folders whose last good text serves, or nothing
  std::vector<std::string> never_good;  // those of them of which nothing serves
};

class DocumentStore {
 public:
  // Finds what reading the documents cannot: problems of what they mean together.
  using Judge = std::function<resources::Problems(const resources::Documents&)>;

  // `unreadable`: files and folders that could not be read, one problem each; what was good of
  // them, or below them, goes on serving.
  std::shared_ptr<const AcceptedDocuments> accept(std::vector<resources::File> files,
                                                  resources::Problems unreadable = {},
                                                  const Judge& judge = {});
  std::uint64_t parsed() const { return kept_.parsed(); }  // files, by now

 private:
  bool has_good(const std::string& path) const;  // of the file, or of one below the folder

  std::map<std::string, std::string> good_;
  resources::KeptDocuments kept_;
};

}  // namespace agent
