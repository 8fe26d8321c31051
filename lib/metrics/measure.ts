import { Subscription } from 'rxjs';
import { type Clock, type PeerSnapshot, type RouterLike, systemClock } from '../index.ts';
import { ChannelLabels } from './channel-labels.ts';
import { Counts } from './counts.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { laneSums } from './lanes.ts';
import {
  durations,
  type MeterLike,
  type MetricAttributes,
  type MetricObservable,
  type MetricObserver,
} from './meter.ts';
import { checkMethod, checkOptionNames } from '../frames/option-checks.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

/** How often the state is looked at between two collections, in milliseconds. */
const lookMs = 1_000;

/** What `measure` needs of a router. */
export type MeasuredRouter = Pick<RouterLike, 'events$' | 'snapshot' | 'peers'>;

/** A service of `rxmesh/calls`, or what else counts calls. */
export interface MeasuredService {
  snapshot(): { readonly asking: number; readonly serving: number; readonly dropped: number };
}

/** Options of `measure`. */
export interface MeasureOptions {
  /** A `Meter` of `@opentelemetry/api`: `metrics.getMeter('rxmesh')`. */
  readonly meter: MeterLike;
  /** Services whose calls are counted, by the name that is their label. */
  readonly services?: Readonly<Record<string, MeasuredService>>;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Measures a router: its state is read when metrics are collected, and its events are counted as
 * they come. Nothing is added to the path of a message. Unsubscribing ends it; stop the router
 * first, and collect once more, if the last counts matter.
 *
 *     const measuring = measure(router, { meter });
 *
 * No metric has a label for a peer. Channels have their ids, up to 64 of them; the rest is `other`.
 * Between two collections, the router is sampled once a second while a peer is up; what a peer
 * exchanges after the last sample before it goes down is not counted.
 *
 * A meter that throws does not affect the router.
 *
 * @throws {TypeError} if the router or the meter is missing, or there is no such option
 */
export function measure(router: MeasuredRouter, options: MeasureOptions): Subscription {
  checkMethod('measure: router', router, 'snapshot');
  checkOptionNames('measure', options, ['meter', 'services', 'clock']);
  checkMethod('measure: meter', options.meter, 'createHistogram');
  return new Measuring(router, options).subscription;
}

class Measuring {
  readonly subscription = new Subscription();
  readonly #router: MeasuredRouter;
  readonly #clock: Clock;
  readonly #services: readonly (readonly [string, MeasuredService])[];
  readonly #instruments: Instruments;
  readonly #roundTrip: ReturnType<typeof durations>;
  readonly #labels = new ChannelLabels();
  readonly #traffic = new Traffic(this.#labels);
  readonly #tally = new Tally(this.#labels);
  /** The last round trip of each peer, to see when there is another. */
  #roundTrips: ReadonlyMap<string, number | undefined> = new Map();
  #timer: Subscription | undefined;

  constructor(
    router: MeasuredRouter,
    { meter, services = {}, clock = systemClock }: MeasureOptions,
  ) {
    this.#router = router;
    this.#clock = clock;
    this.#services = Object.entries(services);
    this.#instruments = createInstruments(meter);
    const what = 'Round trips of pings, one for each peer and interval.';
    this.#roundTrip = durations(meter, 'rxmesh.round_trip.duration', what);
    const observables = Object.values<MetricObservable>(this.#instruments) as never[];
    meter.addBatchObservableCallback(this.#collect, observables);
    this.subscription.add(() => {
      meter.removeBatchObservableCallback(this.#collect, observables);
      this.#timer?.unsubscribe();
    });
    this.subscription.add(
      router.events$.subscribe({
        next: (event) => {
          this.#tally.count(event);
          if (event.type === 'peer-up') this.#lookLater();
        },
        complete: () => this.#timer?.unsubscribe(),
      }),
    );
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#timer?.closed === false || this.subscription.closed) return;
    this.#timer = this.#clock.schedule(() => {
      // A timer that is running counts as open, so this one first ends.
      this.#timer = undefined;
      if (this.#look(this.#router.snapshot().peers)) this.#lookLater();
    }, lookMs);
  }

  /** Returns whether anyone is up. */
  #look(peers: readonly PeerSnapshot[]): boolean {
    this.#traffic.look(peers);
    const seen = new Map<string, number | undefined>();
    for (const { id, roundTripMs } of peers) {
      seen.set(id, roundTripMs);
      if (roundTripMs === undefined || this.#roundTrips.get(id) === roundTripMs) continue;
      this.#roundTrip(roundTripMs, {});
    }
    this.#roundTrips = seen;
    return peers.length > 0;
  }

  readonly #collect = (observer: MetricObserver): void => {
    const { peers, drops, awaited } = this.#router.snapshot();
    this.#look(peers);
    const { messages, io, connections, disconnections, stalls, reports, failures } =
      this.#instruments;
    const counted: readonly (readonly [MetricObservable, Counts])[] = [
      [messages, this.#traffic.messages],
      [io, this.#traffic.bytes],
      [connections, this.#tally.connections],
      [disconnections, this.#tally.disconnections],
      [stalls, this.#tally.stalls],
      [reports, this.#tally.reports],
      [failures, this.#tally.failures],
    ];
    for (const [metric, counts] of counted) {
      counts.forEach((count, attributes) => observer.observe(metric, count, attributes));
    }
    this.#observeLanes(observer, peers);
    this.#observePeers(observer);
    const summed = new Summed(observer);
    for (const { channel, reason, count } of drops) {
      const labels = { 'rxmesh.channel': this.#labels.of(channel), 'rxmesh.drop.reason': reason };
      summed.add(this.#instruments.drops, count, labels);
    }
    for (const { channel, sends } of awaited) {
      summed.add(this.#instruments.awaited, sends, { 'rxmesh.channel': this.#labels.of(channel) });
    }
    for (const labels of this.#tally.stalled.values()) {
      summed.add(this.#instruments.lanesStalled, 1, labels);
    }
    summed.observe();
    this.#observeCalls(observer);
  };

  #observeLanes(observer: MetricObserver, peers: readonly PeerSnapshot[]): void {
    const { laneMessages, laneSize, laneFill, laneCredit, lanesBlocked } = this.#instruments;
    for (const sums of laneSums(peers, this.#labels)) {
      const labels = { 'rxmesh.lane': sums.direction, 'rxmesh.channel': sums.channel };
      observer.observe(laneMessages, sums.messages, labels);
      observer.observe(laneSize, sums.bytes, labels);
      observer.observe(laneFill, sums.fill, labels);
      observer.observe(laneCredit, sums.credit, labels);
      if (sums.direction === 'outbound') observer.observe(lanesBlocked, sums.blocked, labels);
    }
  }

  #observePeers(observer: MetricObserver): void {
    const states = { up: 0, dialing: 0, down: 0 };
    for (const { status, isDialing } of this.#router.peers.list()) {
      states[status === 'down' && isDialing ? 'dialing' : status] += 1;
    }
    for (const [state, count] of Object.entries(states)) {
      observer.observe(this.#instruments.peers, count, { 'rxmesh.peer.state': state });
    }
  }

  #observeCalls(observer: MetricObserver): void {
    const { callsActive, callsDropped } = this.#instruments;
    for (const [name, service] of this.#services) {
      const { asking, serving, dropped } = service.snapshot();
      const labels = { 'rxmesh.service': name };
      observer.observe(callsActive, asking, { ...labels, 'rxmesh.call.side': 'caller' });
      observer.observe(callsActive, serving, { ...labels, 'rxmesh.call.side': 'handler' });
      observer.observe(callsDropped, dropped, labels);
    }
  }
}

/** Values with the same labels are added up: a second observation would replace the first. */
class Summed {
  readonly #observer: MetricObserver;
  readonly #counts = new Map<MetricObservable, Counts>();

  constructor(observer: MetricObserver) {
    this.#observer = observer;
  }

  add(metric: MetricObservable, count: number, attributes: MetricAttributes): void {
    const counts = this.#counts.get(metric) ?? new Counts();
    counts.add(attributes, count);
    this.#counts.set(metric, counts);
  }

  observe(): void {
    for (const [metric, counts] of this.#counts) {
      counts.forEach((count, attributes) => this.#observer.observe(metric, count, attributes));
    }
  }
}
