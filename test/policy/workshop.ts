/** Makes bundles for tests: with the real OPA from a few lines of Rego, or byte by byte where OPA would refuse. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { onTestFinished } from "vitest";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import type { PolicyOptions } from "../../src/policy/index.ts";
import { buildBundle, findOpa } from "../../src/toolchain/index.ts";
import { testTime } from "../fakes/path-ports.ts";

export type Files = Readonly<Record<string, string>>;

/** A folder that is gone after the test (or the file, when made outside a test). */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "chaperone-policy-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const roles = {
  "flight-booker": { audience: "https://flights.example/api", permissions: ["flights:book"], max_ttl_seconds: 120 },
};

const decision = `package chaperone

# METADATA
# entrypoint: true
default decision := {"outcome": "deny", "reasons": [{"code": "not_permitted", "message": "Nothing permits this."}]}

decision := {
	"outcome": "allow", "role": "flight-booker", "permissions": ["flights:book"], "ceiling": "catalogue",
	"ttl_seconds": 60, "limits": [], "obligations": [], "reasons": [{"code": "permitted", "message": marker}],
} if {
	every name, _ in data.chaperone.guards { data.chaperone.guards[name].clear == true }
	some name
	data.chaperone.permits[name].permits[_].capability in input.asked.capabilities
}

marker := "one"
`;

/** A small policy with everything that a real one has. */
export const tinyPolicy: Files = {
  "chaperone/decision.rego": decision,
  "chaperone/permits/booking/booking.rego": `package chaperone.permits.booking
permits contains {"capability": "book_flight"} if "Operations" in input.subject.departments
`,
  "chaperone/guards/hours/hours.rego": `package chaperone.guards.hours
clear if { is_number(input.time); input.time > 1 }
`,
  "chaperone/roles/data.json": JSON.stringify(roles),
};

export const withMarker = (text: string): Files => ({
  "chaperone/decision.rego": decision.replace('marker := "one"', `marker := ${text}`),
});

/** These decision rules alone, without permits and guards. */
export const deciding = (rules: string): Files => ({
  "chaperone/decision.rego": `package chaperone\n# METADATA\n# entrypoint: true\n${rules}\n`,
  "chaperone/permits/booking/booking.rego": "",
  "chaperone/guards/hours/hours.rego": "",
});

/** Builds the tiny policy with `changes` (an empty text removes a file); returns the bundle's bytes. */
export async function buildTiny(changes: Files = {}): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "chaperone-build-"));
  try {
    for (const [name, text] of Object.entries({ ...tinyPolicy, ...changes })) {
      if (text === "") continue;
      const path = join(folder, "policy", name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const out = join(folder, "bundle.tar.gz");
    await buildBundle({ source: join(folder, "policy"), out, opa: await findOpa() });
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export type Entry = readonly [header: Partial<Header> & { readonly name: string }, content?: string | Buffer];

/** A tar.gz of exactly these entries, in this order. */
export async function makeArchive(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry({ mtime: new Date(0), ...header }, content ?? "");
  tar.finalize();
  return gzipSync(await buffer(tar));
}

/** The bundle with some entries changed, added or (undefined) left out. */
export async function repack(
  bundle: Buffer,
  changes: Readonly<Record<string, string | Buffer | undefined>>,
): Promise<Buffer> {
  const entries = new Map<string, string | Buffer>(await readArchive(bundle));
  for (const [name, content] of Object.entries(changes)) {
    if (content === undefined) entries.delete(name);
    else entries.set(name, content);
  }
  return makeArchive([...entries].map(([name, content]): Entry => [{ name: `/${name}` }, content]));
}

/** Writes the bundle's entries into a folder, as an unpacked archive. */
export async function unpackTo(folder: string, bundle: Buffer): Promise<void> {
  for (const [name, content] of await readArchive(bundle)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

export const optionsFor = (path: string, changes: Partial<PolicyOptions> = {}): PolicyOptions => ({
  id: "test",
  path,
  signature: { mode: "none" },
  deadlineMilliseconds: 10_000,
  watch: false,
  ...changes,
});

/** What the tiny policy allows. */
export const bookFlight: PolicyInput = {
  phase: "issue",
  subject: { issuer: "urn:chaperone:gateway", claims: {}, departments: ["Operations"], roles: ["Director"] },
  actor: { issuer: "urn:chaperone:gateway", claims: {}, capabilities: ["book_flight"], type: "ai_agent" },
  chain: [],
  asked: { capabilities: ["book_flight"], permissions: [] },
  context: {},
  time: testTime,
};
