/** What the gRPC transport takes before anything is understood; what other listeners take as well is theirs. */

/** Headers as large as Envoy takes them, a body of the domain's bound, and the metadata of a dozen filters. */
export const checkBytesMax = 262_144;

/** Envoy refuses a request with more than 100 unless it is told otherwise. */
export const headersMax = 1_024;

/** A health request is the name of a service. */
export const healthBytesMax = 1_024;

/** Streams beyond a gateway's own limit that one connection may open, so that one too many is told so and does not wait. */
export const spareStreams = 64;

/** Lines in the head of a request, gRPC's own included. */
export const headerPairsMax = 128;

/** What one connection may make the HTTP/2 library keep; messages that are being read are kept besides. */
export const sessionMemoryMegabytes = 16;
