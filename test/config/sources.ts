/** Configuration from text: a file by name, an environment, flags. */
import { type Config, type ConfigError, loadConfig } from "../../src/config/index.ts";

interface Given {
  readonly yaml?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: { readonly config?: string; readonly state?: string };
  readonly files?: Readonly<Record<string, string>>;
}

export function load({ yaml, environment = {}, flags = {}, files = {} }: Given): Config | readonly ConfigError[] {
  const all: Readonly<Record<string, string>> = { ...files, ...(yaml === undefined ? {} : { "c.yaml": yaml }) };
  return loadConfig({
    flags: yaml === undefined ? flags : { config: "c.yaml", ...flags },
    environment,
    readFile: (path) => {
      const content = all[path];
      if (content === undefined) throw new Error("no such file");
      return content;
    },
  });
}

export function loaded(given: Given): Config {
  const result = load(given);
  if (isErrors(result)) throw new Error(result.join("\n"));
  return result;
}

export function refused(given: Given): readonly ConfigError[] {
  const result = load(given);
  return isErrors(result) ? result : [];
}

export function isErrors(result: Config | readonly ConfigError[]): result is readonly ConfigError[] {
  return Array.isArray(result);
}

export const credential = "gateway-credential-for-tests-0123456789";
export const operatorCredential = "operator-credential-for-tests-0123456789";
