/** docs/config.md, printed from the schema; a test holds the page to it. */
import { configErrors } from "./config-error.ts";
import { credentialNames } from "./environment.ts";
import { limits } from "./limits.ts";
import { listSettings, type Setting } from "./reference.ts";

export function renderReference(): string {
  const settings = listSettings();
  return `${[
    "# Configuration",
    "",
    "<!-- Printed by `npm run docs:config` from src/config; a test fails when it is out of step. -->",
    "",
    intro,
    "",
    "## Settings",
    "",
    ...settings.flatMap(renderSetting),
    "## Credentials",
    "",
    "Secrets are never in the file. Each is a value, or the path of a file that holds it; both at once is an error. A client's is",
    "a file that `clients[].secret_file` names.",
    `They have ${limits.credentialLengthMin} characters or more, of letters, digits and \`-._~+/\`, and are not equal to each other.`,
    "",
    "| Variable | For |",
    "|---|---|",
    `| \`${credentialNames.gateway}\`, \`${credentialNames.gateway}_FILE\` | A gateway that asks over TCP. Without it only the unix socket takes questions. |`,
    `| \`${credentialNames.operator}\`, \`${credentialNames.operator}_FILE\` | An operator at the admin door. Without it there is no admin door. |`,
    "",
    "## What stops the start",
    "",
    "| Code | Meaning |",
    "|---|---|",
    ...Object.entries(configErrors).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
  ].join("\n")}\n`;
}

const intro = `A setting comes from the YAML file named by \`--config\` or \`CHAPERONE_CONFIG\`, from the environment, or from its default;
a flag wins over the environment, the environment over the file. Nothing is needed to try Chaperone: without any of
it, development defaults apply, and the start says so.

- A key or a \`CHAPERONE_…\` name that is not listed here stops the start, with its place and the nearest known name.
  Names that Kubernetes injects for a Service (\`CHAPERONE_PORT=tcp://…\`) are ignored.
- Development defaults (sample policy, generated key, loopback issuer) apply only while none of \`issuer\`,
  \`policy.bundle\` and \`keys.kind\` is set. What is set but missing leaves the sidecar not ready; nothing takes its place.
- The file is YAML 1.2 without anchors, aliases, tags and repeated keys, of at most ${limits.fileBytesMax} bytes. One that
  is named and says nothing at all stops the start, because a write that failed leaves it so. Paths are relative to the
  working directory. A list in the environment is separated by commas.
- \`chaperone check-config\` tells what is wrong without starting anything.`;

function renderSetting(setting: Setting): string[] {
  if (setting.kind === "section") return [`### \`${setting.path}\``, "", setting.description, ""];
  const facts = [
    setting.choices.length === 0 ? describeKind(setting) : setting.choices.map((choice) => `\`${choice}\``).join(" · "),
    ...(setting.isRequired ? ["required"] : []),
    ...(setting.default === undefined ? [] : [`default \`${setting.default}\``]),
    ...(setting.environment === undefined ? [] : [`\`${setting.environment}\``]),
  ];
  return [`- **\`${setting.path}\`** (${facts.join("; ")})  `, `  ${setting.description}`, ""];
}

function describeKind({ kind, range }: Setting): string {
  switch (kind) {
    case "whole":
      return range === undefined ? "whole number" : `whole number, ${range[0]} to ${range[1]}`;
    case "list":
      return "list";
    case "mapping":
      return "mapping";
    case "sections":
      return "list of sections";
    default:
      return "text";
  }
}
