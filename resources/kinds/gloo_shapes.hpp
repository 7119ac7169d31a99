// The shapes of the Gloo v2.6 objects that have no reader of their own (gloo.md §4–§21): text that
// check_shape walks.
//
// A definition is `name = type`; `kind X` names a whole object's spec. A type is {fields}, [list],
// <map of strings to>, A|B (one of these words), Name (another definition), a scalar (string int
// number bool duration), or `any`, which is not looked into. A field without a type is a string.
// Indented lines continue the one before.
#pragma once

#include <string_view>

namespace resources {

inline constexpr std::string_view kGlooShapes = R"(
Ref = {name namespace cluster}
Selector = {labels:<string> name namespace cluster workspace}
Port = {number:int name}
DestinationKind = SERVICE|VIRTUAL_DESTINATION|EXTERNAL_SERVICE
Destination = {ref:Ref awsLambda:any kind:DestinationKind port:Port subset:<string> weight:int}
Destinations = [{selector:Selector kind:DestinationKind port:Port}]
RouteLabels = {labels:<string> namespace cluster workspace}
Routes = [{route:RouteLabels withDestinations:{selector:Selector kind:DestinationKind port:Port}}]
Workloads = [{selector:Selector kind:KUBE|VM port:Port}]
Listeners = [{virtualGateway:Selector port:Port}]
StringMatch = {exact prefix regex suffix ignoreCase:bool}
HeaderMatch = {name value regex:bool invertMatch:bool}
Phase = {preAuthz:{priority:int} postAuthz:{priority:int}}
KeepAlive = {probes:int time:duration interval:duration}
Locality = {region zone subZone}
Layers = {cni:bool mesh:bool}
ClientMode = {auto:{} sniRouting:{} tlsTermination:{}}
GatewayTls = {mode:PASSTHROUGH|SIMPLE|MUTUAL|AUTO_PASSTHROUGH|ISTIO_MUTUAL secretName
  files:{serverCert privateKey caCerts} verifySubjectAltName:[string]
  parameters:{minimumProtocolVersion maximumProtocolVersion cipherSuites:[string]}}
AllowedRoutes = [{cloudProvider:{aws:{lambdaFunctions:[string] iamRoles:[string] regions:[string]
  accountIds:[string]}}}]

ClientsideTls = {sni mode:SIMPLE|DISABLE|MUTUAL|ISTIO_MUTUAL clientCertificate privateKey caCertificates
  credentialName insecureSkipVerify:bool}
kind ExternalWorkload = {ports:[{name protocol number:int}] connectedClusters:<string> identitySelector:any
  readinessProbe:{initialDelaySeconds:int timeoutSeconds:int periodSeconds:int successThreshold:int
    failureThreshold:int httpGet:{port:int path scheme:HTTP|HTTPS httpHeaders:[{name value}]}
    tcpSocket:{host port:int} exec:{command:[string]}}}

kind FaultInjectionPolicy = {applyToRoutes:Routes config:{delay:{fixedDelay:duration percentage:number}
  abort:{httpStatus:int percentage:number}}}
kind ActiveHealthCheckPolicy = {applyToDestinations:Destinations config:{healthCheck:any virtualGateways:[Ref]}}
kind AdaptiveRequestConcurrencyPolicy = {applyToDestinations:Destinations config:{sampleAggregatePercentile:number
  maxConcurrencyLimit:int concurrencyUpdateIntervalMillis:int concurrencyLimitExceededStatus:int
  minRttCalcParams:{intervalMillis:int requestCount:int minConcurrency:int jitterPercentile:number
    bufferPercentile:number}}}
kind ListenerConnectionPolicy = {applyToListeners:Listeners config:{perConnectionBufferLimitBytes:int
  tcpKeepalive:KeepAlive}}
kind TrimProxyConfigPolicy = {applyToWorkloads:Workloads config:{includedDestinations:Destinations}}
kind GraphQLPersistedQueryCachePolicy = {applyToRoutes:Routes config:{cacheSize:int}}

kind HTTPBufferPolicy = {applyToRoutes:Routes config:{maxRequestBytes:int}}
kind MirrorPolicy = {applyToRoutes:Routes config:{destination:Destination percentage:number}}
kind ProxyProtocolPolicy = {applyToListeners:Listeners config:{enableProxyProtocol:bool}}
kind RateLimitClientConfig = {raw:{rateLimits:any}}
kind RateLimitPolicy = {applyToRoutes:Routes applyToDestinations:Destinations config:{phase:Phase
  ratelimitServerConfig:Ref serverSettings:Ref raw:{rateLimits:any} ratelimitClientConfig:Ref}}
kind TransformationPolicy = {applyToRoutes:Routes config:{phase:Phase
  request:{injaTemplate:any recalculateRoutingDestination:bool} response:{injaTemplate:any}}}

kind AccessPolicy = {applyToDestinations:Destinations applyToWorkloads:[{selector:RouteLabels}]
  config:{authn:{tlsMode:DISABLE|PERMISSIVE|STRICT} authz:AccessRule authzList:[AccessRule]
    enforcementLayers:Layers}}
AccessRule = {allowedClients:[{serviceAccountSelector:Selector externalWorkloadSelector:Selector
    requestIdentityMatcher:{requestPrincipals:[string] notRequestPrincipals:[string]}}]
  allowedPaths:[string] allowedMethods:[string] allowedIpBlocks:[string] allowedRemoteIpBlocks:[string]
  dryRun:bool match:{request:{headers:<{values:[string] notValues:[string]}>}}}
kind ClientTLSPolicy = {applyToDestinations:Destinations config:{disable:{} istioMutual:{}
  simple:{config:any} mutual:{config:any}}}
kind CORSPolicy = {applyToRoutes:Routes config:{allowOrigins:[StringMatch] allowMethods:[string]
  allowHeaders:[string] exposeHeaders:[string] maxAge:duration allowCredentials:bool}}
kind CSRFPolicy = {applyToRoutes:Routes config:{filterEnabled:bool shadowEnabled:bool percentage:number
  additionalOrigins:[StringMatch]}}
kind DLPPolicy = {applyToRoutes:Routes config:{actions:any sanitize:ALL|ACCESS_LOGS|RESPONSE_BODY}}
kind ExtAuthPolicy = {applyToRoutes:Routes applyToDestinations:Destinations config:{server:Ref disable:bool
  glooAuth:any customAuth:{contextExtensions:<string>}}}
kind GraphQLAllowedQueryPolicy = any
kind JWTPolicy = {applyToRoutes:Routes applyToDestinations:Destinations config:{phase:Phase
  allowMissingOrFailed:bool clearRouteCache:AUTO|FALSE|TRUE requiredScopes:[string]
  validationPolicy:REQUIRE_VALID|ALLOW_MISSING|ALLOW_MISSING_OR_FAILED
  claims:[{key values:[string] notValues:[string] nestedClaimDelimiter}]
  providers:<{issuer audiences:[string] keepToken:bool clockSkewSeconds:int outputPayloadToHeader
    tokenSource:{headers:[{name prefix}] queryParams:[string]}
    local:{inline secretRef:any}
    remote:{url destinationRef:Destination cacheDuration:duration timeout:duration enableAsyncFetch:bool}
    claimsToHeaders:[{claim header append:bool}]}>}}
kind WAFPolicy = {applyToRoutes:Routes config:{disableCoreRuleSet:bool coreRuleSetSettingsString
  coreRuleSetSettingsPath customRuleSets:any customInterventionMessage auditLogging:any
  requestHeadersOnly:bool responseHeadersOnly:bool priority:int}}

kind AccessLogPolicy = {applyToWorkloads:Workloads config:{filters:any includedRequestHeaders:[string]
  includedResponseHeaders:[string] includedResponseTrailers:[string] includedFilterStateObjects:[string]}}
kind LuaPolicy = {applyToRoutes:Routes applyToDestinations:Destinations
  config:{phase:Phase sourceCode:{inlineString}}}
kind WasmDeploymentPolicy = {applyToWorkloads:Workloads config:{filters:any weight:int}}

kind Workspace = {workspaceSettings:Ref workloadClusters:[{name selector:<string> configEnabled:bool
  namespaces:[{name labels:<string> configEnabled:bool}]}]}
kind WorkspaceSettings = {importFrom:WorkspaceObjects exportTo:WorkspaceObjects options:{
  serviceIsolation:{enabled:bool trimProxyConfig:bool enforcementLayers:Layers}
  federation:{enabled:bool hostSuffix serviceSelector:[Selector] ports:[Port]}
  eastWestGateways:[{selector:Selector port:Port tlsTerminationPort:Port
    hostInfoOverrides:[{addr port:int}]}]
  virtualDestClientMode:ClientMode trimAllProxyConfig:bool}}
WorkspaceObjects = [{workspaces:[{name selector:<string>}]
  resources:[{kind labels:<string> name namespace cluster}]}]
kind ExtAuthServer = any
kind RateLimitServerConfig = any
kind RateLimitServerSettings = any
kind KubernetesCluster = any
kind RootTrustPolicy = any
kind Dashboard = any
kind IstioLifecycleManager = any
kind GatewayLifecycleManager = any
kind WaypointLifecycleManager = any
kind InsightsConfig = any
kind CloudProvider = any
kind CloudResources = any
kind ApiDoc = any
kind ApiProduct = any
kind ApiSchemaDiscovery = any
kind GraphQLResolverMap = any
kind GraphQLSchema = any
kind GraphQLStitchedSchema = any
kind Portal = any
kind PortalGroup = any
)";

}  // namespace resources
