/** A resource behind a gateway: it tells every caller what it received, and remembers all of it. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { isJsonObject } from "../../src/domain/json.ts";
import { textOf } from "./gateway.ts";

export interface Received {
  readonly method: string;
  readonly target: string;
  /** One that came more than once is one text with commas, whatever Node would make of it. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface EchoUpstream {
  readonly address: string;
  readonly received: readonly Received[];
  close(): void;
}

export async function startEchoUpstream(): Promise<EchoUpstream> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const seen = describe(request);
    received.push(seen);
    response.setHeader("x-from", "upstream");
    response.end(JSON.stringify(seen));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) throw new Error("the upstream has no port");
  return {
    address: `http://127.0.0.1:${bound.port}`,
    received,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function describe({ method = "", url = "", headersDistinct }: IncomingMessage): Received {
  const headers = Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(",")] as const);
  return { method, target: url, headers: Object.fromEntries(headers) };
}

/** What the upstream said in an answer's body. */
export function readReceived(text: string): Received {
  const found: unknown = JSON.parse(text);
  if (!isJsonObject(found) || !isJsonObject(found["headers"])) throw new TypeError("the upstream said something else");
  const headers = found["headers"];
  const names = Object.keys(headers);
  return {
    method: textOf(found, "method"),
    target: textOf(found, "target"),
    headers: Object.fromEntries(names.map((name) => [name, textOf(headers, name)])),
  };
}
