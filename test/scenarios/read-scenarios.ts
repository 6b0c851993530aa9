/** The scenario files of the decision path: one question each, as every door can be asked it, and the one right answer. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { faults, refusals } from "../../src/domain/refusal.ts";
import type { JsonObject } from "../../src/domain/json.ts";

const folder = join(import.meta.dirname, "decisions");
const object = z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value));
const codes = Object.keys({ ...refusals, ...faults });

const expected = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("allow"),
    role: z.string(),
    permissions: z.array(z.string()),
    /** Seconds. */
    expires_in: z.number().optional(),
  }),
  z.strictObject({
    outcome: z.literal("deny"),
    code: z.enum(codes),
    /** The policy's own codes, where it was the policy that denied. */
    reasons: z.array(z.string()).optional(),
  }),
  z.strictObject({ outcome: z.literal("approval_required"), reasons: z.array(z.string()) }),
]);

const schema = z
  .strictObject({
    name: z.string().min(10),
    /** When it is asked, UTC; a Wednesday at noon unless it says otherwise. */
    time: z.iso.datetime().default("2026-06-10T12:00:00Z"),
    person: object,
    agent: object,
    /** `action`, `resource` and `audience` as POST /v1/authorize takes them. */
    asks: z.strictObject({ action: object.optional(), resource: object.optional(), audience: z.url().optional() }),
    /** The same question as a call that a gateway holds: `POST host/path`. */
    held: z
      .string()
      .regex(/^[A-Z]+ [a-z.]+\/\S*$/)
      .optional(),
    /** Its JSON body, at doors to which one comes; a call without one has no properties of an action. */
    body: object.optional(),
    /** Or why no call can ask it. */
    not_held: z.string().min(20).optional(),
    expect: expected,
  })
  .refine(({ held, not_held: reason }) => (held === undefined) !== (reason === undefined), "held, or not_held")
  .refine(({ held, body }) => held !== undefined || body === undefined, "a body of no call")
  .refine(
    ({ held, body, asks: { action } }) =>
      held === undefined || body !== undefined || action?.["properties"] === undefined,
    "properties of an action stand in the body of a call",
  );

export type Scenario = z.output<typeof schema> & { readonly file: string };

export function readScenarios(): readonly Scenario[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      const read = schema.safeParse(parse(readFileSync(join(folder, file), "utf8")));
      if (!read.success) throw new TypeError(`${file}: ${z.prettifyError(read.error)}`);
      return { ...read.data, file };
    });
}
