/** A client that writes bytes as they are, because no HTTP library would send what an attacker sends. */
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { hostAndPort } from "./open-house.ts";

/** `allowHalfOpen`: it stays when the listener ends its half, as a client that wants to hold the connection would. */
export function connectRaw(address: string | undefined, allowHalfOpen = false): Socket {
  const place = address?.startsWith("unix:") === true ? { path: address.slice(5) } : hostAndPort(address);
  const socket = connect({ ...place, allowHalfOpen });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Everything that is answered until the listener closes the connection; `bytes` should make it close. */
export function sendRaw(address: string | undefined, bytes: string | Uint8Array): Promise<string> {
  const socket = connectRaw(address);
  socket.write(bytes);
  return readToEnd(socket);
}

export function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

/** The bytes of a request whose lines are ended as HTTP wants. */
export function rawRequest(lines: readonly string[], body = ""): string {
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

export function statusesOf(answered: string): number[] {
  return [...answered.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

export function codesOf(answered: string): string[] {
  return [...answered.matchAll(/"code":"([a-z_]+)","message"/g)].map((match) => match[1] ?? "");
}
