import type { NodeId } from '../index.ts';
import { Frame, kinds } from './frame.ts';
import type { Damaged, StoredFrame } from './store.ts';

/** The records of a store, by peer. */
export class Found {
  readonly inboxes: Map<NodeId, Frame> = new Map();
  readonly outboxes: Map<NodeId, Frame> = new Map();
  readonly messages: Map<NodeId, Frame[]> = new Map();
  readonly failures: Map<NodeId, Frame[]> = new Map();
  readonly damaged: Damaged[] = [];

  constructor(records: readonly (StoredFrame | Damaged)[]) {
    for (const record of records) {
      if ('error' in record) this.damaged.push(record);
      else this.#add(record);
    }
  }

  #add({ kind, peer, frame }: StoredFrame): void {
    switch (kind) {
      case 'inbox':
        this.inboxes.set(peer, frame);
        return;
      case 'outbox':
        this.outboxes.set(peer, frame);
        return;
      case 'message': {
        append(this.messages, peer, frame);
        // The last one of an outbox that has never been empty: nothing was acknowledged.
        const state = new Frame(kinds.open);
        state.epoch = frame.epoch;
        if (!this.outboxes.has(peer)) this.outboxes.set(peer, state);
        return;
      }
      case 'failure':
        append(this.failures, peer, frame);
    }
  }
}

function append(map: Map<NodeId, Frame[]>, peer: NodeId, frame: Frame): void {
  const frames = map.get(peer);
  if (frames === undefined) map.set(peer, [frame]);
  else frames.push(frame);
}
