/** `fetch` for a standard client whose requests reach one listener, wherever the metadata says that the endpoint is. */
import { call } from "./open-house.ts";

export interface Way {
  /** Whose certificate of the test mesh is shown. */
  readonly party?: string;
  /** What a gateway between client and listener adds. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** `address` as the listener prints it: `http://…`, `https://…` or `unix:…`. */
export function fetchThrough(
  address: string,
  { party, headers }: Way = {},
): (url: string, sent: Sent) => Promise<Response> {
  return async (url, { method, headers: own, body }) => {
    const answer = await call(address, {
      method,
      path: new URL(url).pathname,
      headers: { ...own, ...headers },
      ...(body instanceof URLSearchParams || typeof body === "string" ? { body: body.toString() } : {}),
      ...(party === undefined ? {} : { party }),
    });
    const shown = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) if (typeof value === "string") shown.set(name, value);
    return new Response(answer.text, { status: answer.status, headers: shown });
  };
}
