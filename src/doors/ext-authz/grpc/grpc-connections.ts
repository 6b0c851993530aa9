/** The connections of a gRPC listener: who has proven itself on them, what is asked on them, and how they end. */
import type { Http2Session, ServerHttp2Stream } from "node:http2";

export class GrpcConnection {
  readonly #session: Http2Session;
  #streams = 0;
  #isProven = false;

  constructor(session: Http2Session, unprovenMilliseconds: number) {
    this.#session = session;
    // Gateways keep connections for hours. One on which none has shown itself makes room for others.
    const timer = setTimeout(() => {
      if (!this.#isProven) session.destroy();
    }, unprovenMilliseconds);
    session.once("close", () => clearTimeout(timer));
  }

  get isQuiet(): boolean {
    return this.#streams === 0;
  }

  /** A gateway has shown itself. */
  prove(): void {
    this.#isProven = true;
  }

  note(stream: ServerHttp2Stream): void {
    this.#streams += 1;
    stream.once("close", () => {
      this.#streams -= 1;
    });
  }

  /** Takes no more; what came across the word on its way is refused, so that it may be asked again (RFC 9113 §6.8). */
  dismiss(): void {
    if (!this.#session.destroyed) this.#session.close();
  }
}
