/** Where a system is asked, what it is asked, and what every right answer contains. */
import { request } from "node:http";

export interface Target {
  readonly address: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  readonly path: string;
  /** The body's type is JSON unless it stands here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A file with a body per line: under load they are sent in turn, from where the load before left off, instead of `body`. */
  readonly bodiesFile?: string;
  /** A file with an object of headers per line, sent likewise and beside `headers`. */
  readonly headersFile?: string;
  /** Text that stands in a right answer and in no wrong one; looked for in every answer under load. */
  readonly marks: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The body of a 200. Rejects for anything else. */
export async function ask(target: Target): Promise<string> {
  const { status, text } = await send(target);
  if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 500)}`);
  return text;
}

export function send(target: Target): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(target.body);
    const asked = request({
      ...target.address,
      method: "POST",
      path: target.path,
      agent: false,
      headers: { "content-type": "application/json", ...target.headers, "content-length": body.length },
      timeout: 10_000,
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", reject);
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    asked.end(body);
  });
}
