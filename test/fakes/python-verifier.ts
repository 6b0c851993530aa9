/** What a resource server in Python says of role tokens; PyJWT is fetched once into the user's cache folder. */
import { join } from "node:path";
import { runOrThrow } from "../../scripts/fetch-tool.ts";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { isJsonArray, isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { versions } from "../../src/toolchain/versions.ts";

/** A token, and what the resource server expects of it. */
interface Shown {
  readonly token: string;
  readonly issuer: string;
  readonly audience: string;
}

/** For each token `{claims}`, or `{refused}` with the name of PyJWT's exception. */
type PythonVerifier = (jwksUri: string, shown: readonly Shown[]) => Promise<readonly JsonObject[]>;

/** The first time on a machine this takes as long as a download does. */
export async function createPythonVerifier(): Promise<PythonVerifier> {
  const modules = await fetchWheel("PyJWT", versions.pyjwt, [`cryptography==${versions.cryptography}`]);
  const script = join(import.meta.dirname, "verify_role_token.py");
  return async (jwksUri, shown) => {
    const said = await runOrThrow("python3", [script, JSON.stringify({ jwks_uri: jwksUri, shown })], {
      environment: { PYTHONPATH: modules },
    });
    const answers: unknown = JSON.parse(said);
    return isJsonArray(answers) ? answers.filter(isJsonObject) : [];
  };
}
