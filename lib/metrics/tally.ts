import type { RouterEvent } from '../index.ts';
import type { ChannelLabels } from './channel-labels.ts';
import { Counts } from './counts.ts';
import { errorType } from './error-type.ts';
import type { MetricAttributes } from './meter.ts';

/** Counts events, and knows which lanes are stalled. */
export class Tally {
  readonly connections: Counts = new Counts();
  readonly disconnections: Counts = new Counts();
  readonly stalls: Counts = new Counts();
  readonly reports: Counts = new Counts();
  readonly failures: Counts = new Counts();
  /** The stalled lanes, with their labels. */
  readonly stalled: Map<string, MetricAttributes> = new Map();
  readonly #labels: ChannelLabels;

  constructor(labels: ChannelLabels) {
    this.#labels = labels;
  }

  /** Counts an event. */
  count(event: RouterEvent): void {
    switch (event.type) {
      case 'peer-up':
        this.connections.add({ 'rxmesh.connection.direction': event.direction });
        return;
      case 'connection-refused':
        this.#failed(event.direction, event.error);
        return;
      case 'dial-failed':
        this.#failed('outbound', event.error);
        return;
      case 'peer-down': {
        const direction = { 'rxmesh.connection.direction': event.direction };
        this.disconnections.add({ ...direction, ...errorType(event.error) });
        return;
      }
      case 'lane-stalled':
        this.#stalled(event);
        return;
      case 'peer-reported':
        this.reports.add({ 'rxmesh.severity': event.severity, ...errorType(event.error) });
        return;
      case 'transport-failed':
      case 'identity-in-use':
      case 'source-failed':
      case 'consumer-failed':
      case 'callback-failed':
      case 'store-failed':
      case 'fatal':
        this.failures.add({ 'rxmesh.event': event.type, ...errorType(event.error) });
        return;
      default:
    }
  }

  #failed(direction: string, error: unknown): void {
    this.connections.add({ 'rxmesh.connection.direction': direction, ...errorType(error) });
  }

  #stalled(event: Extract<RouterEvent, { readonly type: 'lane-stalled' }>): void {
    const { peer, channel, direction, stalled } = event;
    const key = `${peer} ${channel} ${direction}`;
    if (!stalled) {
      this.stalled.delete(key);
      return;
    }
    const labels = { 'rxmesh.lane': direction, 'rxmesh.channel': this.#labels.of(channel) };
    this.stalled.set(key, labels);
    this.stalls.add(labels);
  }
}
