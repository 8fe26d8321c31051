import type { Numbers } from '../frames/numbers.ts';
import type { Channel, Clock } from '../index.ts';
import type { Counting } from './counts.ts';
import type { OutgoingFrame } from './frame-codec.ts';
import type { Leads } from './leads.ts';
import type { MessageStore } from './message-store.ts';
import type { Missing } from './missing.ts';
import type { Settings } from './options.ts';
import type { Reporter } from './reporter.ts';
import type { Seen } from './seen.ts';

/** What the parts of a gossip share. */
export interface Context {
  readonly channel: Channel<OutgoingFrame>;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly counts: Counting;
  readonly reporter: Reporter;
  readonly seen: Seen;
  readonly store: MessageStore;
  readonly missing: Missing;
  readonly leads: Leads;
  /** Numbers what this node publishes, and the digests that it asks for. */
  readonly series: Numbers;
  /** Whether this node wants the messages of a topic. */
  readonly wants: (topic: string) => boolean;
}
