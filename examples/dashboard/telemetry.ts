import { block, json, latest } from 'rxmesh';

/** The network of the collector, the producers and the pages. */
export const dashboardNetwork = 'dashboard';

/** One measurement. */
export interface Sample {
  /** Counts from 1. */
  readonly seq: number;
  /** Memory of the process, in MiB. */
  readonly memory: number;
}

/** How full a lane is. */
export interface Lane {
  readonly depth: number;
  readonly capacity: number;
}

/** What a producer says of itself, twice a second. */
export interface Report {
  readonly name: string;
  /** How many samples it has made. */
  readonly made: number;
  readonly memory: number;
  /** Its lane to the collector. */
  readonly lane: Lane;
}

/** A producer, as pages see it. */
export interface ProducerView extends Report {
  readonly id: string;
  readonly isUp: boolean;
  /** Samples that the consumer has taken. */
  readonly taken: number;
  /** Samples that were not there when a later one was. */
  readonly missing: number;
  /** The collector's lane from it. */
  readonly inbound: Lane;
}

/** What pages show. */
export interface View {
  readonly isSlow: boolean;
  readonly producers: readonly ProducerView[];
}

/** Every sample arrives: a full lane makes its producer wait. */
export const samples = {
  id: 1,
  codec: json<Sample>(),
  inbound: block(32),
  outbound: block(32),
};
/** Of what somebody looks at, only the newest counts. */
export const reports = { id: 2, codec: json<Report>(), outbound: latest() };
/** The same for pages. */
export const views = { id: 3, codec: json<View>(), outbound: latest() };
/** Whether the consumer of the samples is to be slow: from a page. */
export const slowness = { id: 4, codec: json<boolean>() };
