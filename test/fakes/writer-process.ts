/**
 * A process of its own that writes a decision log, for what only a real process can suffer. It is told what to do on
 * its standard input, one command a line, and says what was answered only once the log said that it is on record.
 *
 *   write <count>     tries so many records, then says {"answered":[…],"refused":[…]}
 *   stream <from>     writes for ever, a line with its number for each record that was answered
 *   close             closes the log and ends
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type AuditRoom, openDecisionLog } from "../../src/audit/index.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { numbered, recordTime } from "./audit-records.ts";

const [root = "", durability, rotateBytes = "1000000"] = process.argv.slice(2);

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

/** Every so often one that spans many pages, so that a kill can land inside its write. */
const textOf = (number: number): string => (number % 29 === 0 ? "x".repeat(200_000) : "short");

async function stream(log: AuditRoom, from: number): Promise<never> {
  for (let number = from; ; number += 8) {
    const numbers = Array.from({ length: 8 }, (_, index) => number + index);
    await Promise.all(
      numbers.map(async (one) => {
        await log.record(numbered(one, textOf(one)));
        say(String(one));
      }),
    );
    // A synchronous log would otherwise never let the process see its input.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

let next = 1;
async function write(log: AuditRoom, count: number): Promise<void> {
  const answered: number[] = [];
  const refused: string[] = [];
  for (const number of Array.from({ length: count }, () => next++)) {
    try {
      await log.record(numbered(number));
      answered.push(number);
    } catch (fault) {
      refused.push(fault instanceof Fault ? fault.code : String(fault));
    }
  }
  say(JSON.stringify({ answered, refused }));
}

const log = await openDecisionLog(
  {
    folder: join(root, "log"),
    durability: durability === "disk" ? "disk" : "process",
    rotateBytes: Number(rotateBytes),
    checkpointEvery: 10,
  },
  { clock: { read: () => ({ epochSeconds: recordTime, isReliable: true }) } },
);
say("open");
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(" ");
  if (command === "write") await write(log, Number(argument));
  if (command === "stream") void stream(log, Number(argument));
  if (command === "close") {
    await log.close();
    process.stdin.destroy();
    break;
  }
}
