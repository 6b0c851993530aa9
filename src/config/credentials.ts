/** What a gateway and an operator show, given as a value or as a file, never as both; and the files of clients' secrets. */
import { ConfigError } from "./config-error.ts";
import { credentialNames, type Environment } from "./environment.ts";
import { limits } from "./limits.ts";

export interface CredentialValues {
  readonly gateway: string | undefined;
  readonly operator: string | undefined;
}

export type ReadFile = (path: string) => string;

export function readCredentials(
  environment: Environment,
  readFile: ReadFile,
): CredentialValues | readonly ConfigError[] {
  const gateway = readCredential(credentialNames.gateway, environment, readFile);
  const operator = readCredential(credentialNames.operator, environment, readFile);
  if (gateway instanceof ConfigError || operator instanceof ConfigError) {
    return [gateway, operator].filter((each) => each instanceof ConfigError);
  }
  if (gateway !== undefined && gateway === operator) {
    const place = credentialNames.operator;
    return [new ConfigError("credential_conflict", "an operator's credential is one that no gateway has", { place })];
  }
  return { gateway, operator };
}

function readCredential(name: string, environment: Environment, readFile: ReadFile): string | undefined | ConfigError {
  const direct = environment[name];
  const file = environment[`${name}_FILE`];
  if (direct !== undefined && file !== undefined) {
    return new ConfigError("credential_conflict", `${name} and ${name}_FILE are both set`, { place: name });
  }
  if (direct !== undefined) return checkCredential(direct, name);
  if (file === undefined) return undefined;
  return readCredentialFile(file, `${name}_FILE`, readFile);
}

export function readCredentialFile(file: string, place: string, readFile: ReadFile): string | ConfigError {
  try {
    // A file made with an editor or `echo` ends in a line break that nobody means.
    return checkCredential(readFile(file).replace(/\r?\n$/, ""), place);
  } catch {
    return new ConfigError("credential_unreadable", "the file it names cannot be read", { place });
  }
}

/** RFC 6750 §2.1 `b64token`, so that it travels in a header unchanged. */
function checkCredential(value: string, place: string): string | ConfigError {
  if (value.length < limits.credentialLengthMin || value.length > limits.credentialLengthMax) {
    const range = `${limits.credentialLengthMin} to ${limits.credentialLengthMax} characters`;
    return new ConfigError("credential_invalid", `it must have ${range}`, { place });
  }
  return /^[\w\-.~+/]+=*$/.test(value)
    ? value
    : new ConfigError("credential_invalid", "it may hold letters, digits and -._~+/ only", { place });
}
