/** What docs/doors/auth_request.md tells an operator to write, with the address and the credential of the test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocks } from "../acceptance/followed-page.ts";
import { gatewayCredential } from "../acceptance/served-house.ts";
import { root } from "../house/source-tree.ts";

export function nginxLocations(position: "use" | "issue", address: string): string {
  const page = readFileSync(join(root, "docs/doors/auth_request.md"), "utf8");
  const [question, use, issue] = blocks("nginx", page);
  const location = position === "use" ? use : issue;
  if (question === undefined || location === undefined) throw new Error("the page shows no nginx");
  return (question + location).replace("http://127.0.0.1:9193", address).replace('"…"', `"${gatewayCredential}"`);
}
