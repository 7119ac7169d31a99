// What requests come to of published tables that others delegate to, and of those that delegate to
// others, worked out by hand from the documents and Gloo's rules: see asked_by_hand.hpp.
#pragma once

#include <string_view>

namespace published {

inline constexpr std::string_view kDelegatedByHand = R"(
routetable-004-tracks-rt.yaml
GET whole.test / | [0] /
GET whole.test /tracks/7?x=1 | [0] /tracks/7?x=1
GET below.test /team/tracks | [0] /tracks
GET below.test /team/ | [0] /
GET below.test /team//x | [0] /x
GET below.test /team | 404
GET below.test /teams | 404
GET below.test /tracks | 404

routetable-015-httpbin.yaml
GET whole.test /httpbin/get | [0] /get
GET whole.test /httpbin | [0] /
GET whole.test /httpbinary?x=1 | [0] /ary?x=1
GET whole.test /get | 404
GET below.test /team/httpbin/status/200?x=1 | [0] /status/200?x=1
GET below.test /httpbin/get | 404
GET below.test /team//httpbin/get | 404

routetable-017-portal-server.yaml
GET whole.test /portal-server/v1/login | [0] /portal-server/v1/login
GET whole.test /portal-server/v1/login?x=1 | Cookie: keycloak-session=1 | [0] /portal-server/v1/login?x=1
GET whole.test /portal-server/v1/apis | Cookie: a=b; keycloak-session=1 | [1] /v1/apis
GET whole.test /portal-server/v1/apis | cookie: keycloak-session= | [1] /v1/apis
GET whole.test /portal-server/v1/apis | Cookie: keycloak-session | 404
GET whole.test /portal-server/v1/apis | 404
GET whole.test /portal-server/v1/me | [2] /v1/me
GET whole.test /portal-server/v1/me | Cookie: keycloak-session=1 | [1] /v1/me
PUT whole.test /portal-server/v1/api-keys/7 | [3] /v1/api-keys/7
GET below.test /team/portal-server/v1/me/x?y=1 | [2] /v1/me/x?y=1

routetable-018-productpage-api-v2.yaml
GET whole.test /api/bookinfo/v2/search.json?q=x | [0] /search.json?q=x host openlibrary.org
GET whole.test /api/bookinfo/v2/search.jsonp | [0] /search.jsonp host openlibrary.org
GET whole.test /api/bookinfo/v2 | [1] /api/v1/products
GET whole.test /api/bookinfo/v2/0/reviews | [1] /api/v1/products/0/reviews
GET whole.test /api/bookinfo/v22 | [1] /api/v1/products2
GET whole.test /api/bookinfo/v1 | 404
GET below.test /team/api/bookinfo/v2/1 | [1] /api/v1/products/1
GET below.test /team/api/bookinfo/v2/search.json | [0] /search.json host openlibrary.org

routetable-019-portal-server.yaml
GET whole.test /portal-server/v1/me | Cookie: keycloak-session=1 | [0] /v1/me
GET whole.test /portal-server/v1/me | Cookie: other=1 | [1] /v1/me
GET whole.test /portal-server/v1 | [1] /v1
GET whole.test /portal-server/v10?x=1 | [1] /v10?x=1
GET whole.test /portal-server | 404
GET below.test /team/portal-server/v1/apis | Cookie: x=y; keycloak-session=1 | [0] /v1/apis

routetable-021-main.yaml
GET any.test /portal-server/v1/me | Cookie: keycloak-session=1 | gloo-mesh-addons/portal-server[2] /v1/me
GET any.test /portal-server/v1/apis | Cookie: keycloak-session=1 | gloo-mesh-addons/portal-server[1] /v1/apis
GET any.test /portal-server/v1/login/x | gloo-mesh-addons/portal-server[0] /portal-server/v1/login/x
GET any.test /portal-server/v1/apis | 404
GET any.test /get | httpbin/httpbin[0] /get
GET any.test /get/1?x=1 | workspace-1/dom-extra[0] /?x=1
GET any.test /get/2 | 404
GET any.test /productpage | bookinfo-frontends/productpage[0] /productpage
GET a.test /api/bookinfo/v2/search.json | bookinfo-frontends/productpage-api-v2[0] /search.json host openlibrary.org
GET any.test /api/bookinfo/v1/7 | bookinfo-frontends/productpage-api-v1[0] /api/v1/products/7
GET any.test /lambda/x | httpbin/aws[0] 500
POST any.test /openlibrary | bookinfo-frontends/openlibrary[0] 500
GET any.test /solo/x | ops-team-config/homer-web-portal-rt[0] /solo/x
GET any.test / | 404

routetable-026-main.yaml
GET any.test /productpage | web-frontend-team/productpage-route-table[0] /productpage
GET any.test /static/x?y=1 | web-frontend-team/productpage-route-table[0] /static/x?y=1
POST any.test /login | web-frontend-team/productpage-route-table[0] /login
GET any.test /api/v1/products/1 | web-frontend-team/productpage-route-table[0] /api/v1/products/1
GET any.test /logout/x | 404
GET any.test / | 404

routetable-037-currency.yaml
GET whole.test /currencies | [0] /currencies
GET whole.test /currencies/EUR?x=1 | [0] /currencies/EUR?x=1
GET whole.test /currency | 404
GET below.test /team/currencies | [0] /team/currencies
GET below.test /currencies | 404

routetable-040-main-httpbin.yaml
GET cluster1-httpbin.example.com /get | httpbin/httpbin[0] /get
GET cluster1-httpbin.example.com:443 /get?x=1 | httpbin/httpbin[0] /get?x=1
GET cluster1-httpbin.example.com /get/ | 404
GET cluster1-httpbin.example.com /lambda | httpbin/aws[0] 500
GET cluster1-httpbin.example.com / | 404
GET httpbin.example.com /get | 404

routetable-042-main-portal.yaml
GET cluster1-portal.example.com /portal-server/v1/me | gloo-mesh-addons/portal-server[2] /v1/me
GET cluster1-portal.example.com /portal-server/v1 | Cookie: keycloak-session=1 | gloo-mesh-addons/portal-server[1] /v1
GET cluster1-portal.example.com /portal-server/v1 | 404
DELETE cluster1-portal.example.com /portal-server/v1/api-keys/7 | gloo-mesh-addons/portal-server[3] /v1/api-keys/7
GET portal.example.com /portal-server/v1/me | 404

routetable-043-main-backstage.yaml
GET cluster1-backstage.example.com / | [0] 500
GET cluster1-backstage.example.com /a/b?c=d | [0] 500
POST cluster1-backstage.example.com /get | [0] 500
GET CLUSTER1-backstage.example.com. /x | [0] 500
GET backstage.example.com / | 404

routetable-075-frontend.yaml
GET whole.test /frontend | [0] 500
GET whole.test /FrontEnd/x | [0] 500
GET whole.test /front | 404
GET below.test /team/FRONTEND | [0] 500
GET below.test /frontend | 404
GET whole.test /frontend | from: selected | [0] 500
GET whole.test /frontend | from: stranger | 404

routetable-076-frontend.yaml
GET whole.test / | X-frontend-app: v1.1 | [0] 500
GET whole.test / | x-frontend-app: v1.12-beta | [0] 500
GET whole.test / | X-frontend-app: v1x1 | [0] 500
GET whole.test / | X-frontend-app: xv1.1 | 404
GET whole.test / | X-frontend-app: v1 | 404
GET whole.test / | 404
GET below.test /team | X-frontend-app: v1.1 | [0] 500
GET below.test / | X-frontend-app: v1.1 | 404

routetable-077-frontend.yaml
GET whole.test / | X-frontend-app: v1 | 404
GET whole.test / | X-frontend-app: v2 | [0] 500
GET whole.test / | X-frontend-app: V1 | [0] 500
GET whole.test / | [0] 500
GET below.test /teams | [0] 500
GET below.test /team/a | x-frontend-app: v1 | 404

routetable-079-wrk-1-extra-domain.yaml
GET workspace-1-domain-extra.com /get/1 | workspace-1/dom-extra[0] /
GET workspace-1-domain-extra.com /get/1?x=1 | workspace-1/dom-extra[0] /?x=1
GET workspace-1-domain-extra.com /get/12 | 404
GET workspace-1-domain-extra.com /get | 404
GET domain-extra.com /get/1 | 404

routetable-093-httpbin.yaml
GET whole.test /get | x-show-personal-data: false | [0] /get
GET whole.test /get | x-show-personal-data: true | [1] /get
GET whole.test /get?x=1 | [1] /get?x=1
GET whole.test /response-headers | [0] /response-headers
GET whole.test /response-headers/x | 404
GET whole.test /logout | [1] /logout
GET below.test /team/callback/x | x-show-personal-data: false | [1] /team/callback/x

routetable-119-frontend.yaml
GET whole.test / | X-frontend-app: anything | [0] 500
GET whole.test /a/b | x-FRONTEND-app: | [0] 500
GET whole.test / | 404
GET whole.test / | X-frontend: anything | 404
GET below.test /team | X-frontend-app: anything | [0] 500

routetable-121-frontend.yaml
PATCH whole.test / | [0] 500
PATCH whole.test /a?b | [0] 500
GET whole.test / | 404
POST whole.test / | 404
PATCH below.test /team/x | [0] 500
PATCH below.test /x | 404

routetable-133-ingress.yaml
GET any.test /httpbin/get | online-boutique/httpbin[0] /get
GET any.test /ads | online-boutique/adservice[0] /ads
GET any.test /ads/ | online-boutique/frontend[0] /ads/
GET any.test /currencies/EUR | online-boutique/currency[0] /currencies/EUR
POST any.test /graphql-products | online-boutique/graphql-products[0] 500
GET any.test /?x=1 | online-boutique/frontend[0] /?x=1
)";

}  // namespace published
