/**
 * What conditions and properties of an operation must be able to find in a gRPC message. A condition on a misspelled member
 * never holds and leaves its calls to a weaker line; a misspelled property is never there.
 */
import type { OperationOptions } from "./options.ts";
import type { GrpcMessages } from "./protobuf/grpc-messages.ts";

/** Throws a RangeError naming the first one that no message has. */
export function checkMessageMembers(operations: readonly OperationOptions[], messages: GrpcMessages): void {
  operations.forEach(({ method, path, conditions, properties = {} }, at) => {
    if (method !== "POST") return;
    const wrong = (what: string, member: readonly string[], wanted: "text" | "member"): RangeError =>
      new RangeError(`operations[${at}].${what}: the message of ${path} has no ${wanted} at ${member.join(".")}`);
    for (const condition of conditions) {
      if (condition.on !== "body") continue;
      const told = messages.toldAs(path, condition.path) ?? "text";
      if (told !== "text") throw wrong("body", condition.path, "text");
      if (!messages.isSurelyTold(path, condition.path, condition.value)) {
        throw new RangeError(
          `operations[${at}].body: the message of ${path} may mean this value at ${condition.path.join(".")} without saying it`,
        );
      }
    }
    for (const [name, member] of Object.entries(properties)) {
      if (messages.toldAs(path, member) === "nothing") throw wrong(`properties.${name}`, member, "member");
    }
  });
}
