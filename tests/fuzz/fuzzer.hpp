// What a fuzzer is: one property of any input, and the inputs to start from.
//
// Each *_fuzz.cpp defines both functions. libfuzzer.cpp explores from the seeds (preset `fuzz`,
// clang); replay.cpp runs the seeds and a fixed number of mutations of them in every other build,
// so that the property is a test as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

// What does not hold for this input, in words; "" when all does. Depends on the input alone.
std::string_view broken(std::string_view input);

std::vector<std::string> seeds();

}  // namespace fuzz
