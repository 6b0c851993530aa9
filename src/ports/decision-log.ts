import type { AuditRecord } from "../domain/record.ts";

export interface DecisionLog {
  /**
   * When it returns (or its promise resolves) the record is as durable as configured. Throws or rejects with a Fault
   * `audit_unavailable` when it is not; the caller then releases nothing. Records keep the order of the calls.
   */
  record(entry: AuditRecord): void | Promise<void>;
}
