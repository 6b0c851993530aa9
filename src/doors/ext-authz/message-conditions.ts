/** What conditions on gRPC messages must be able to find: one on a misspelled member would leave its calls to a weaker line. */
import type { OperationOptions } from "./options.ts";
import type { GrpcMessages } from "./protobuf/grpc-messages.ts";

/** Throws a RangeError naming the first one that no message could meet. */
export function checkMessageConditions(operations: readonly OperationOptions[], messages: GrpcMessages): void {
  operations.forEach(({ method, path, conditions }, at) => {
    if (method !== "POST") return;
    for (const condition of conditions) {
      if (condition.on !== "body" || messages.tellsText(path, condition.path) !== false) continue;
      throw new RangeError(`operations[${at}].body: the message of ${path} has no text at ${condition.path.join(".")}`);
    }
  });
}
