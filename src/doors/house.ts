/** What doors ask of the house. A door parses, asks and renders; it judges nothing. */
import type { CallQuestion } from "../domain/call-question.ts";
import type { CallDecision, Decision, UseDecision } from "../domain/decision.ts";
import type { DecisionRequest } from "../domain/decision-request.ts";
import type { GatewayName, Issuer } from "../domain/identifiers.ts";
import type { JsonObject } from "../domain/json.ts";
import type { ClientAuthenticator } from "../ports/client-authenticator.ts";
import type { Clock } from "../ports/clock.ts";
import type { Observer } from "../ports/observer.ts";
import type { PublishedKeys } from "../ports/published-keys.ts";

export interface DoorsHouse {
  /** Never rejects; what it answers is on record. */
  decide(request: DecisionRequest): Promise<Decision>;
  /** Never rejects; what it answers is on record, and nothing is minted. */
  decideUse(request: DecisionRequest<"use">): Promise<UseDecision>;
  /** The same for another's Envoy authorization policy; undefined: none is configured. */
  readonly decideCall: ((question: CallQuestion) => Promise<CallDecision>) | undefined;
  readonly issuer: Issuer;
  readonly keys: PublishedKeys;
  readonly jwksCacheSeconds: number;
  readonly clock: Clock;
  readiness(): Readiness;
  /** What the admin door shows; no secret in it. */
  status(): JsonObject;
  metrics(): Promise<MetricsPage>;
  readonly observer: Observer;
  readonly credentials: Credentials;
  /** Undefined: no client is configured, so no token door is served. */
  readonly clients: ClientAuthenticator | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  /** `detail` is for operators and never leaves by the probe door. */
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export interface Credentials {
  readonly gateways: readonly GatewayCredential[];
  /** Undefined: no admin door is served. */
  readonly operator: string | undefined;
}

export interface GatewayCredential {
  readonly name: GatewayName;
  readonly secret: string;
}
