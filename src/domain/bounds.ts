/**
 * Every limit on what comes from outside, in one place. A number that guards the sidecar stands here
 * with its reason, so that an auditor reads one file.
 */
export const bounds = {
  /** A decision request is claims and a few names; 64 KiB holds the largest seen ten times over. */
  bodyBytesMax: 65_536,
  /** Deeper JSON is an attack on somebody's stack, never a claim. */
  jsonDepthMax: 32,
  /** Members and elements in one body, so that a small body cannot become a large object graph. */
  jsonNodesMax: 10_000,
  /** Names of parties, capabilities, permissions and roles. */
  nameLengthMax: 256,
  /** Audiences and issuers are URIs. */
  uriLengthMax: 512,
  /** Capabilities, departments, roles or permissions in one set. */
  setSizeMax: 256,
  /** Inner actors that evidence may name (P21: a chain of 10,000 verifies happily elsewhere). */
  chainDepthMax: 8,
  /** No role token lives longer, whatever policy says (DESIGN §5). */
  lifetimeSecondsMax: 300,
  /** Reasons and obligations that one verdict may carry. */
  verdictListMax: 64,
  /** A reason's message is for a person. */
  messageLengthMax: 1024,
  /** Roles in one catalogue. */
  catalogueRolesMax: 10_000,
} as const;
