/** One evaluation: what counts as an answer, what a throw does, and the traps of OPA's SDK that are worked round. */
import { expect, test } from "vitest";
import fc from "fast-check";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { Evaluator, type Program } from "../../src/policy/active-bundle.ts";
import { loadBundle } from "../../src/policy/load-bundle.ts";
import { LoadedPolicy } from "../../src/policy/opa-sdk.ts";
import { PolicyInstance } from "../../src/policy/policy-instance.ts";
import { policyLimits } from "../../src/policy/policy-limits.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { bookFlight, buildTiny, deciding, type Files } from "./workshop.ts";

const deny = (code: string): string => `{"outcome": "deny", "reasons": [{"code": "${code}", "message": "m"}]}`;

async function programOf(changes: Files = {}): Promise<Program> {
  const { wasm, dataText } = loadBundle(await readArchive(await buildTiny(changes)));
  return { module: await WebAssembly.compile(wasm), dataText };
}

const evaluatorOf = (program: Program): Evaluator =>
  new Evaluator(program, new PolicyInstance(program.module, program.dataText));

function ask(evaluator: Evaluator, input: unknown, time = 1): string {
  try {
    const verdict = evaluator.evaluate(JSON.stringify(input), time);
    return verdict.outcome === "deny" ? (verdict.reasons[0]?.code ?? "") : verdict.outcome;
  } catch (cause) {
    return cause instanceof Fault ? `${cause.code}: ${cause.detail}` : String(cause);
  }
}

test("false, zero, null and the empty string are inputs, not the absence of one", async () => {
  const evaluator = evaluatorOf(
    await programOf(
      deciding(
        `default decision := ${deny("undefined_input")}\ndecision := ${deny("defined_input")} if { x := input; x == x }`,
      ),
    ),
  );
  for (const input of [false, 0, null, "", [], {}]) expect(ask(evaluator, input)).toBe("defined_input");
});

test("time.now_ns is the time of the input, to the nanosecond, and another in the next evaluation", async () => {
  const evaluator = evaluatorOf(
    await programOf(
      deciding(
        `default decision := ${deny("other")}\ndecision := ${deny("same")} if time.now_ns() == input.time * 1000000000`,
      ),
    ),
  );
  for (const time of [0, 1_781_000_000, 1_781_000_001, 4_102_444_800])
    expect(ask(evaluator, { time }, time)).toBe("same");
  expect(ask(evaluator, { time: 5 }, 6)).toBe("other");
});

test("an undefined decision is a fault", async () => {
  const evaluator = evaluatorOf(await programOf(deciding(`decision := ${deny("x")} if input.x == 1`)));
  expect(ask(evaluator, {})).toMatch(/^policy_fault/);
  expect(ask(evaluator, { x: 1 })).toBe("x");
});

test.each(["true", "[]", '"allow"', "{}", '{"outcome": "allow"}', '{"outcome": "deny", "reasons": []}', "null"])(
  "a decision of %s is a fault",
  async (value) => {
    expect(ask(evaluatorOf(await programOf(deciding(`decision := ${value}`))), {})).toMatch(/^policy_fault/);
  },
);

test("a conflict throws, names its place and no claim, and the next evaluation is served by another instance", async () => {
  const rules = `decision := ${deny("one")} if input.a == 1\ndecision := ${deny("two")} if input.b == "secret-claim"`;
  const evaluator = evaluatorOf(await programOf(deciding(rules)));
  for (let round = 0; round < 3; round += 1) {
    const fault = ask(evaluator, { a: 1, b: "secret-claim" });
    expect(fault).toMatch(/^policy_fault: .*decision\.rego:\d+.*conflict|^policy_fault: .*complete rule/i);
    expect(fault).not.toContain("secret");
    expect(ask(evaluator, { a: 1 })).toBe("one");
    expect(ask(evaluator, { b: "secret-claim" })).toBe("two");
  }
});

test("a built-in's failure is a fault, never undefined, and quotes nothing", async () => {
  const evaluator = evaluatorOf(
    await programOf(
      deciding(
        `default decision := ${deny("default")}\ndecision := ${deny("negated")} if not startswith(sprintf(input.format, [1]), "x")`,
      ),
    ),
  );
  expect(ask(evaluator, { format: "x%d" })).toBe("default");
  expect(ask(evaluator, { format: "y%d" })).toBe("negated");
});

test("memory that runs out is a fault, and the next evaluation works", async () => {
  const program = await programOf(
    deciding(`default decision := ${deny("default")}
decision := ${deny("huge")} if {
	some n in input.n
	count([[a, b, c] | some a in numbers.range(1, n); some b in numbers.range(1, n); some c in numbers.range(1, n)]) > 0
}`),
  );
  const evaluator = evaluatorOf(program);
  expect(ask(evaluator, { n: [3] })).toBe("huge");
  expect(ask(evaluator, { n: [120] })).toMatch(/^policy_fault: .*malloc/);
  expect(ask(evaluator, { n: [3] })).toBe("huge");
  const instance = new PolicyInstance(program.module, program.dataText);
  expect(() => instance.evaluate('{"n":[120]}', 1)).toThrow();
  expect(instance.memoryBytes).toBeLessThanOrEqual((policyLimits.workingPagesMax + 1) * 65_536);
});

test("an input that is too large is a fault, whatever it is made of", async () => {
  const evaluator = evaluatorOf(await programOf(deciding(`decision := ${deny("ok")}`)));
  for (const unit of ["a", "é", "語", "🙂", "\ud800", "\u0000"]) {
    const fits = {
      text: unit.repeat(
        Math.floor((policyLimits.inputBytesMax - 20) / Buffer.byteLength(JSON.stringify(unit).slice(1, -1))),
      ),
    };
    expect(ask(evaluator, fits), unit).toBe("ok");
    expect(ask(evaluator, { text: fits.text + unit.repeat(40) }), unit).toBe("policy_fault: the input is too large");
  }
});

test("text of every kind reaches the policy and comes back", async () => {
  const evaluator = evaluatorOf(
    await programOf(deciding('decision := {"outcome": "deny", "reasons": [{"code": "echo", "message": input.text}]}')),
  );
  const scalar = fc.oneof(fc.nat(0xff), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }));
  const anyText = fc.array(scalar, { maxLength: 100 }).map((points) => String.fromCodePoint(...points));
  fc.assert(
    fc.property(anyText, (text) => {
      const verdict = evaluator.evaluate(JSON.stringify({ text }), 1);
      expect(verdict.reasons[0]?.message).toBe(text);
    }),
  );
});

test("half a character is a fault (doors refuse it before)", async () => {
  const evaluator = evaluatorOf(await programOf(deciding(`decision := ${deny("ok")}`)));
  for (const text of ["\ud800", "a\udfffb"]) expect(ask(evaluator, { [text]: 1 })).toMatch(/^policy_fault/);
  for (const text of ["\\ud800", "\ud83d\ude00"]) expect(ask(evaluator, { [text]: 1 })).toBe("ok");
});

test("a pattern that makes a backtracking engine stand still is answered at once, by our engine and not the SDK's", async () => {
  const program = await programOf(
    deciding(
      `default decision := ${deny("no")}\ndecision := ${deny("split")} if count(regex.split(input.pattern, input.text)) == 1`,
    ),
  );
  const evaluator = evaluatorOf(program);
  const attack = { pattern: "^(a+)+$", text: `${"a".repeat(30_000)}!` };
  const startedAt = performance.now();
  expect(ask(evaluator, attack)).toBe("split");
  // The SDK's engine needs 2^n steps: for 30 letters seconds, for 30,000 more than the age of the universe.
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test("our regex.split and sprintf answer, not the SDK's", async () => {
  // Go's `%v` prints a list with spaces, sprintf-js with commas; RE2 knows `(?s)`, JavaScript does not and throws.
  const evaluator = evaluatorOf(
    await programOf(
      deciding(`default decision := ${deny("the_sdk")}
decision := ${deny("ours")} if { regex.split("(?s)a.b", "1a\\nb2") == ["1", "2"]; sprintf("%v", [[1, 2]]) == "[1, 2]" }`),
    ),
  );
  expect(ask(evaluator, {})).toBe("ours");
});

test("driving the module directly gives what the SDK's evaluate gives", async () => {
  const { module, dataText } = await programOf();
  const instance = new PolicyInstance(module, dataText);
  const memory = new WebAssembly.Memory({ initial: 5, maximum: 1000 });
  const none = (): never => {
    throw new Error("no built-ins here");
  };
  const imports = Object.fromEntries([0, 1, 2, 3, 4].map((arity) => [`opa_builtin${arity}`, none]));
  const sdk = new LoadedPolicy(
    new WebAssembly.Instance(module, { env: { ...imports, memory, opa_abort: none } }),
    memory,
    2,
  );
  sdk.setData(new TextEncoder().encode(dataText).buffer);
  const part = fc.constantFrom("Operations", "book_flight", "Marketing", "", "é\u0000");
  const input = fc.record<PolicyInput>({
    phase: fc.constantFrom("issue", "use"),
    subject: fc.record({
      issuer: part,
      claims: fc.dictionary(part, fc.oneof(part, fc.integer(), fc.array(part), fc.boolean(), fc.constant(null))),
      departments: fc.array(part),
      roles: fc.array(part),
    }),
    actor: fc.record({ issuer: part, claims: fc.constant({}), capabilities: fc.array(part), type: part }),
    chain: fc.constant([]),
    asked: fc.record({ capabilities: fc.array(part), permissions: fc.array(part) }),
    context: fc.constant({}),
    time: fc.nat(2_000_000_000),
  });
  let allowed = 0;
  fc.assert(
    fc.property(input, (generated) => {
      const ours = instance.evaluate(JSON.stringify(generated), 1);
      expect(ours).toEqual(sdk.evaluate(generated, 0));
      allowed += JSON.stringify(ours).includes('"allow"') ? 1 : 0;
    }),
    { numRuns: 500 },
  );
  expect(allowed).toBeGreaterThan(0);
  expect(ask(evaluatorOf({ module, dataText }), bookFlight)).toBe("allow");
});
