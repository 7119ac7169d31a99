#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

TEST_CASE("an endpoint is ejected for what it answers, and for what it does not",
          "[forwarder_net]") {
  auto policy = std::make_shared<forwarder::TrafficPolicy>();
  policy->outliers.emplace().errors = 2;
  ProxyStory story;
  story.policy = policy;
  const bool dies = GENERATE(false, true);
  auto& bad = story.server([&](const std::string&, std::size_t) {
    return Answer{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"};
  });
  auto& good = story.server(answer_with("fine"));
  story.publish({{&bad}, {&good}});
  story.start();
  if (dies) bad.die();
  Client client(story);
  int errors = 0;
  for (int i = 0; i < 6; ++i)
    errors += client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 500;
  REQUIRE(errors == (dies ? 0 : 2));
  REQUIRE(story.totals().ejections == (dies ? 0 : 1));  // who is dead is avoided before that
}
