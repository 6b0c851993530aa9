/** What every token endpoint under measurement is asked for, and by whom. */
export const exchanged = {
  grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
  tokenType: "urn:ietf:params:oauth:token-type:access_token",
  /** Of Chaperone. */
  issuer: "http://localhost:8181",
  audience: "https://flights.example/api",
} as const;

/** One secret for all: comparing it costs next to nothing, and every server takes it. */
export const client = { id: "agent-gateway", secret: "bench-client-secret-of-32-characters-or-more" } as const;

export const formHeaders = {
  "content-type": "application/x-www-form-urlencoded",
  authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`,
} as const;

export const answerMarks = ['"access_token":"eyJ', `"issued_token_type":"${exchanged.tokenType}"`];
