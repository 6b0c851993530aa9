/**
 * The floor for a Check: node:http2 and gRPC's framing, and every message is answered with "OK" unread. It knows no
 * gateway, sets no limit, decides nothing and records nothing. Run as JavaScript, like what ships.
 */
import { createServer, type ServerHttp2Stream } from "node:http2";

const [, , socketPath = ""] = process.argv;
/** The prefix of an uncompressed message of four bytes, then CheckResponse: an empty status, an empty ok_response. */
const letThrough = Buffer.from([0, 0, 0, 0, 4, 0x0a, 0, 0x1a, 0]);

const server = createServer();
server.on("stream", (stream: ServerHttp2Stream) => {
  stream.on("error", () => undefined);
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  stream.once("end", () => {
    const message = Buffer.concat(chunks);
    if (message.length !== 5 + message.readUInt32BE(1)) {
      stream.close();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(letThrough);
  });
});
server.listen(socketPath);
