import type { RouterEvent } from '../model/event.ts';
import { eventLine } from '../router/event-line.ts';

/** Something that happened at a node of a simulation. */
export class LogEntry {
  /** Virtual time. */
  readonly atMs: number;
  /** The node's number. */
  readonly node: number;
  readonly event: RouterEvent;

  /** @internal made by the simulation */
  constructor(atMs: number, node: number, event: RouterEvent) {
    this.atMs = atMs;
    this.node = node;
    this.event = event;
  }

  /**
   * One line of text, such as `  20 ms  node 0  peer 1f0c… (1f0c…) is up, outbound, memory:1f0c…`.
   */
  toString(): string {
    const ms = String(Math.round(this.atMs * 1000) / 1000);
    return `${ms.padStart(8)} ms  node ${this.node}  ${eventLine(this.event).text}`;
  }
}
