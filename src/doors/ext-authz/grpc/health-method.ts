/** `grpc.health.v1.Health/Check`: whether calls may be sent here. As coarse as the probe door, so it is anyone's to ask. */
import { healthBytesMax } from "./limits.ts";
import type { OpenMethod } from "./unary-method.ts";
import { once, tagOf, Unreadable, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const serviceTag = tagOf(1, "delimited");
const servingStatus = { serving: 1, notServing: 2 } as const;

/** `services`: those that may be asked about, besides the empty name, which means all. */
export function createHealthMethod(services: readonly string[], isServing: () => boolean): OpenMethod {
  return {
    admits: "anyone",
    path: "/grpc.health.v1.Health/Check",
    messageBytesMax: healthBytesMax,
    answer: (message) => {
      const service = readService(message);
      if (service === undefined) return "invalid_argument";
      if (service !== "" && !services.includes(service)) return "not_found";
      const writer = new WireWriter();
      writer.varint(1, isServing() ? servingStatus.serving : servingStatus.notServing);
      return writer.finish();
    },
  };
}

function readService(message: Buffer): string | undefined {
  const reader = new WireReader(message);
  let service: string | undefined;
  try {
    for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
      if (tag === serviceTag) service = once(service, reader.text());
      else reader.skip(tag);
    }
  } catch (cause) {
    if (cause instanceof Unreadable) return undefined;
    throw cause;
  }
  return service ?? "";
}
