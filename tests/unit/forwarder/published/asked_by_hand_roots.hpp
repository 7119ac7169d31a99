// What requests to published tables with hosts come to, worked out by hand from the documents and
// Gloo's rules: see asked_by_hand.hpp.
#pragma once

#include <string_view>

namespace published {

inline constexpr std::string_view kRootsByHand = R"(
routetable-002-bookinfo-root-routes.yaml
GET uk.bookinfo.com /reviews/ | [1] /reviews/
GET uk.bookinfo.com /reviews/ | cookie: user=dev-123 | [0] /reviews/
GET eu.bookinfo.com /any?x=1 | Cookie: user=dev-123 | [0] /any?x=1
GET uk.bookinfo.com /any | cookie: user=dev-1234 | 404
GET uk.bookinfo.com /reviews | 404
GET uk.bookinfo.com /reviews/1 | 404
GET us.bookinfo.com /reviews/ | 404

routetable-005-global-app-routes.yaml
GET example.com /global-app | [0] /global-app
POST EXAMPLE.com:8080 /global-app/x | [0] /global-app/x
GET example.com /global-apple?x=1 | [0] /global-apple?x=1
GET example.com /global | 404
GET example.com /Global-App | 404
GET www.example.com /global-app | 404

routetable-007-parent.yaml
GET www.example.com /product-1 | [0] 500
GET www.example.com /product-1/foo | [0] 500
GET www.example.com /product-10 | [0] 500
GET www.example.com /product-2?x=1 | [1] 500
GET www.example.com /product-3 | 404
GET www.example.com / | 404
GET example.com /product-1 | 404

routetable-009-httpbin-rt-443.yaml
GET httpbin.glootest.com /get?a=1 | [0] /get?a=1
GET httpbin.glootest.com /get/ | 404
GET httpbin.glootest.com /callback/x | [0] /callback/x
GET httpbin.glootest.com /logoutnow | [0] /logoutnow
POST httpbin.glootest.com /anything | [0] /anything
GET httpbin.glootest.com /ANYTHING | 404
GET httpbin.glootest.com / | 404
GET glootest.com /get | 404

routetable-011-reviews-route-rt.yaml
GET reviews.bookinfo-backends.svc.cluster.local / | [0] /
GET reviews.bookinfo-backends.svc.cluster.local. /reviews/1?x=y | [0] /reviews/1?x=y
POST reviews.bookinfo-backends.svc.cluster.local:9080 /a | from: selected | [0] /a
GET reviews.bookinfo-backends.svc.cluster.local /a | from: stranger | 404
GET reviews /a | 404

routetable-012-gm-ui-rt-443.yaml
GET gmui.glootest.com / | [0] /
GET gmui.glootest.com /welcome | [0] /welcome
GET gmui.glootest.com /graphs/1?x | [0] /graphs/1?x
GET gmui.glootest.com /favicon.ico | [0] /favicon.ico
GET gmui.glootest.com /favicon.icon | 404
POST gmui.glootest.com /rpc.gloo.solo.io.Api/List | [0] /rpc.gloo.solo.io.Api/List
POST gmui.glootest.com /rpcXgloo.solo.io | [0] /rpcXgloo.solo.io
POST gmui.glootest.com /rpc | 404
POST gmui.glootest.com /x/rpc.gloo.solo.io | 404
GET gmui.glootest.com /gmui | [1] /
GET gmui.glootest.com /gmui/graph | [1] /graph
GET gmui.glootest.com /gmuix?x=1 | [1] /x?x=1
GET gmui.glootest.com /gmui?x=1 | [1] /?x=1

routetable-013-productpage-rt-443.yaml
GET bookinfo.test /productpage | [0] /productpage
GET bookinfo.test /productpage/ | 404
GET 10.0.0.1:443 /static/a.css | [0] /static/a.css
POST bookinfo.test /login | [0] /login
GET bookinfo.test /login/x | 404
GET bookinfo.test /api/v1/products/0/reviews | [0] /api/v1/products/0/reviews
GET bookinfo.test /callback?code=1 | [0] /callback?code=1
GET bookinfo.test / | 404

routetable-014-checkoutservice.yaml
POST checkoutservice.backend-apis.svc.cluster.local /Checkout/Order | [0] /Checkout/Order
GET checkoutservice.backend-apis.svc.cluster.local / | from: selected | [0] /
GET checkoutservice.backend-apis.svc.cluster.local / | from: stranger | 404
GET checkoutservice.backend-apis.svc.cluster.local /a?b=/c | [0] /a?b=/c
GET checkoutservice.backend-apis / | 404

routetable-020-reviews.yaml
GET reviews.bookinfo-backends.svc.cluster.local /reviews/1 | from: selected | [0] /reviews/1
GET reviews.bookinfo-backends.svc.cluster.local /reviews/1 | from: stranger | 404
GET reviews.bookinfo-backends.svc.cluster.local / | [0] /
DELETE reviews.bookinfo-backends.svc.cluster.local /x?y | [0] /x?y
GET ratings.bookinfo-backends.svc.cluster.local / | 404

routetable-025-gateway.yaml
GET any.test /httpbin/get | [0] /get
GET any.test /httpbin | [0] /
GET any.test /httpbin//get | [0] //get
GET any.test /httpbin2/get | [0] /2/get
GET any.test /sanity | [1] 200
POST any.test /sanity/check | [1] 200
GET any.test /productpage | [2] /productpage
GET any.test /productpagex | 404
GET any.test /login/ | 404
GET any.test /api/v1/products?id=1 | [2] /api/v1/products?id=1

routetable-027-ratings-route-rt.yaml
GET ratings.bookinfo-backends.svc.cluster.local /ratings/1 | [0] /ratings/1
GET ratings.bookinfo-backends.svc.cluster.local /ratings/1 | from: selected | [0] /ratings/1
GET ratings.bookinfo-backends.svc.cluster.local /ratings/1 | from: stranger | 404
GET RATINGS.bookinfo-backends.svc.cluster.local / | [0] /
GET ratings.bookinfo-backends.svc / | 404

routetable-033-frontend.yaml
GET shop.test / | [0] /
GET shop.test / | end-user: preferred | [0] /
GET shop.test /cart?x=1 | end-user: preferred | [0] /cart?x=1
POST other.test /cart/checkout | [0] /cart/checkout
HEAD shop.test /x | end-user: other | [0] /x

routetable-034-bank-demo-rt-443.yaml
GET bank.glootest.com / | [0] /
POST bank.glootest.com / | 404
POST bank-local.glootest.com /static/a.css | [0] /static/a.css
POST bank.glootest.com /deposit | [0] /deposit
GET bank.glootest.com /deposit | 404
HEAD bank.glootest.com /home | 404
GET bank.glootest.com /home?x=1 | [0] /home?x=1
PUT bank.glootest.com /login | [0] /login
GET bank.glootest.com /logoutnow | [0] /logoutnow
POST bank.glootest.com /version | 404
GET bank.glootest.com /signup/1 | 404
GET bank.example.com / | 404

routetable-044-httpbin.yaml
GET any.test /get | [0] /get
GET any.test /get?show=1 | [0] /get?show=1
POST any.test /get | [0] /get
GET any.test /get/ | 404
GET any.test /post | 404
GET any.test /Get | 404

routetable-047-gm-ui-rt-443.yaml
GET any.test / | [0] /
GET any.test /graph/x | [0] /graph/x
GET any.test /nowhere?x=1 | [0] /nowhere?x=1
PUT any.test /policies | [0] /policies
GET [::1]:443 /gateways/ | [0] /gateways/

routetable-073-bookinfo-east-west.yaml
GET reviews.bookinfo.svc.cluster.local /reviews | [0] /reviews
GET reviews.bookinfo.svc.cluster.local /reviews/7?x=1 | from: selected | [0] /reviews/7?x=1
GET reviews.bookinfo.svc.cluster.local /reviews/7 | from: stranger | 404
GET reviews.bookinfo.svc.cluster.local /reviewsx | [0] /reviewsx
GET reviews.bookinfo.svc.cluster.local /review | 404
GET reviews.bookinfo.svc.cluster.local / | from: selected | 404

routetable-100-gateway.yaml
GET any.test /sanity | [0] 200
POST any.test /sanity?x=1 | [0] 200
GET any.test /sanity/x | [0] 200
GET any.test /sane | 404
GET any.test / | 404

routetable-103-sock-shop-routing.yaml
GET apps.domain-name /api/carts | [0] /
GET apps.domain-name /api/carts/7/items?x=1 | [0] /7/items?x=1
GET apps.domain-name /api/carts7 | [0] /7
GET apps.domain-name /api/cart | [1] /api/cart
GET apps.domain-name / | [1] /
GET domain-name / | 404

routetable-125-default.yaml
POST any.test /graphql | [0] 500
GET any.test /graphqls?x=1 | [0] 500
GET any.test /graph | [1] /graph
GET any.test / | [1] /
GET any.test /x/graphql | [1] /x/graphql

routetable-168-frontend.yaml
GET any.test / | [0] 510
POST any.test /a/b?c=d | [0] 510
GET any.test /nowhere | x-any: thing | [0] 510
DELETE [::1] / | [0] 510
GET any.test:8443 //a | [0] 510

routetable-172-www-example-com.yaml
GET any.test / | X-httpbin: 1 | [0] /
GET any.test /get?x=1 | x-HTTPBIN: 2 | [0] /get?x=1
GET any.test / | X-httpbin: | [0] /
GET any.test / | 404
GET any.test /get | X-httpbins: 1 | 404
)";

}  // namespace published
