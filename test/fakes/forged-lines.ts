/** Lines as somebody writes them who knows the format and has no audit key. */
import { type ChainPosition, renderLine } from "../../src/audit/chained-line.ts";

/** The members of these lines as a chain of its own behind `before`, every hash right. */
export function rechain(writer: string, before: ChainPosition, members: readonly object[]): string {
  let position = before;
  return members
    .map((each) => {
      const rendered = renderLine(writer, position, JSON.stringify(each));
      position = rendered;
      return rendered.text;
    })
    .join("");
}
