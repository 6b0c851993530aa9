/** The limits of an OpenAPI document that operations are taken from. */
export const openapiLimits = {
  documentBytesMax: 4_194_304,
  depthMax: 256,
  serversMax: 64,
} as const;
