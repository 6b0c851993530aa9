/** Where every call that is let through arrives: says which token and whose evidence came with it. Run as JavaScript. */
import { createServer } from "node:http";

const [, , port = "", ...evidence] = process.argv;

createServer((request, response) => {
  request.resume();
  const { authorization, ...others } = request.headers;
  const text = JSON.stringify({ evidence: evidence.filter((name) => Object.hasOwn(others, name)), authorization });
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}).listen(Number(port), "127.0.0.1");
