/** What was given to a command is no such thing; text for a person, which quotes nothing of what was given. */
export class InputError extends Error {
  override readonly name = "InputError";
}
