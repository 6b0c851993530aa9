/** Why configuration does not start anything. Values are never quoted: any of them may be a secret in the wrong place. */
import { limits } from "./limits.ts";

export const configErrors = {
  file_unreadable: "The configuration file cannot be read.",
  file_too_large: "The configuration file is larger than the limit.",
  file_malformed: "The configuration file is not the YAML that is accepted here.",
  key_duplicated: "A key stands twice in one mapping.",
  key_unknown: "There is no such setting.",
  environment_unknown: "There is no such environment variable.",
  value_invalid: "A setting has a value that it cannot have.",
  credential_unreadable: "A credential's file cannot be read.",
  credential_invalid: "A credential is not one that a machine made.",
  credential_conflict: "A credential is given twice, or serves two purposes.",
  settings_conflict: "Settings contradict each other.",
  identity_unusable: "An issuer or a client cannot be used as it is configured, or its keys cannot be read.",
  defaults_forbidden: "The start would use what is built in for development, which is forbidden.",
  defaults_incomplete: "Some settings are configured, so the others do not fall back to development defaults.",
} as const;

export type ConfigErrorCode = keyof typeof configErrors;

export class ConfigError {
  readonly code: ConfigErrorCode;
  /** Where an operator finds it: `file:line:column`, the name of an environment variable, or nothing better than the setting. */
  readonly place: string | undefined;
  /** The setting, like `listeners[0].name`. */
  readonly setting: string | undefined;
  readonly detail: string;

  constructor(
    code: ConfigErrorCode,
    detail: string,
    at: { readonly place?: string | undefined; readonly setting?: string | undefined } = {},
  ) {
    this.code = code;
    this.detail = detail;
    this.place = at.place;
    this.setting = at.setting;
  }

  toString(): string {
    const where = [this.place, this.setting].filter((part) => part !== undefined).join(" ");
    return where === "" ? `${this.code}: ${this.detail}` : `${where}: ${this.code}: ${this.detail}`;
  }
}

/** A name as it may be shown: bounded, and without anything that acts on a terminal. */
export function quote(name: string): string {
  const shown = name.length > limits.quotedLengthMax ? `${name.slice(0, limits.quotedLengthMax)}…` : name;
  return JSON.stringify(shown).replace(
    /[^\x20-\x7E…]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
