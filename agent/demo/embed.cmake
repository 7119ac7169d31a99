# cmake -DOUT=documents.cpp -DFOLDER=documents -P embed.cmake: writes the documents as C++.
file(GLOB paths ${FOLDER}/*.yaml)
list(SORT paths)
set(rows "")
foreach(path ${paths})
  get_filename_component(name ${path} NAME)
  file(READ ${path} text)
  string(APPEND rows "    {\"${name}\", R\"nearmost(${text})nearmost\"},\n")
endforeach()
file(WRITE ${OUT} "// Generated from agent/demo/documents.
#include \"agent/demo/documents.hpp\"

namespace agent::demo {

std::vector<resources::File> documents(std::string_view cluster) {
  const resources::File all[] = {
${rows}  };
  std::vector<resources::File> read;
  for (const auto& file : all) {
    if (file.name == \"every-cluster.yaml\" || file.name == std::string(cluster) + \".yaml\") read.push_back(file);
  }
  return read;
}

}  // namespace agent::demo
")
