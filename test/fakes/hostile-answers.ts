/** How an answer to a hostile body is judged: a 4xx with a closed code, or a well-formed deny. */
import { faults, refusals } from "../../src/domain/refusal.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import type { Answer } from "./gateway.ts";
import type { HostileBody } from "./hostile-bodies.ts";

const grantedMembers = ["token", "role", "permissions", "audience", "expires_in"];

const codeOf = ({ body: { code } }: Answer): string => (typeof code === "string" ? code : "none");

/** Undefined when the answer is one of the two that there may be. */
function complaintAbout(answer: Answer): string | undefined {
  const { status, body } = answer;
  const code = codeOf(answer);
  if (status >= 400 && status < 500) return Object.hasOwn(requestErrors, code) ? undefined : `no closed code: ${code}`;
  if (status !== 200) return `status ${status}`;
  if (body["allow"] !== false || body["outcome"] !== "deny") return "an allow";
  const granted = grantedMembers.filter((name) => Object.hasOwn(body, name));
  if (granted.length > 0) return `a deny with ${granted.join()}`;
  const isClosed = Object.hasOwn(refusals, code) || Object.hasOwn(faults, code);
  return isClosed && typeof body["decision_id"] === "string" ? undefined : "a deny that is not well-formed";
}

export interface Judged {
  readonly complaints: readonly string[];
  /** `kind: code` and how often. */
  readonly seen: ReadonlyMap<string, number>;
}

export async function sendAll(
  bodies: Generator<HostileBody>,
  send: (bytes: Buffer) => Promise<Answer>,
  atOnce: number,
): Promise<Judged> {
  const complaints: string[] = [];
  const seen = new Map<string, number>();
  const work = async (): Promise<void> => {
    for (const { seed, kind, bytes } of bodies) {
      const answer = await send(bytes);
      const complaint = complaintAbout(answer);
      if (complaint !== undefined) complaints.push(`seed ${seed}, ${kind}: ${complaint}`);
      const outcome = `${kind}: ${codeOf(answer)}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { complaints, seen };
}
