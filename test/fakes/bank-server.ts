/** A real gRPC service of `bank.proto`, which remembers what arrived. */
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import { decodeTransfer, encodeReceipt } from "./descriptor-sets.ts";

export const sendPath = "/bank.Transfers/Send";

export interface ArrivedTransfer {
  /** As the service understands it; numbers of 64 bits as text. */
  readonly transfer: object;
  readonly authorization: string;
}

export interface BankServer {
  readonly address: string;
  readonly arrived: readonly ArrivedTransfer[];
  close(): void;
}

export async function startBankServer(): Promise<BankServer> {
  const arrived: ArrivedTransfer[] = [];
  const server = new Server();
  const send = {
    path: sendPath,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Buffer) => message,
    requestDeserialize: (message: Buffer) => message,
    responseSerialize: (message: Buffer) => message,
    responseDeserialize: (message: Buffer) => message,
  } as const;
  server.addService(
    { Send: send },
    {
      Send: ({ request, metadata }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        const [authorization = ""] = metadata.get("authorization");
        arrived.push({ transfer: decodeTransfer(request), authorization: String(authorization) });
        answer(null, encodeReceipt({ id: `receipt-${arrived.length}` }));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `http://127.0.0.1:${port}`, arrived, close: () => server.forceShutdown() };
}
