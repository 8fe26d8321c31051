import { calls } from '../calls/index.ts';
import {
  block,
  type Clock,
  createRouter,
  type Identity,
  type NodeInfo,
  type Router,
  type Transport,
} from '../index.ts';
import { obey } from './commands.ts';
import type { InspectedRouter } from './sample.ts';
import { Sampler } from './sampler.ts';
import { callsChannel, inspectMethods, inspectNetwork } from './view.ts';

/** How many pages may watch at a time. */
const pagesMax = 8;
/** How many calls of one page may run at a time. */
const callsPerPageMax = 8;
/** How many updates wait for a page that does not read. */
const updatesWaitingMax = 4;

/** Whether pages may only look, or also give commands. */
export type Allowed = 'read' | 'control';

/** Options of an `InspectService`. */
export interface InspectServiceOptions {
  readonly identity: Identity;
  /** Where the pages come in. */
  readonly transport: Transport;
  readonly allow: Allowed;
  readonly clock: Clock;
  /** The processor time of this process, or the nearest to it that the platform knows. */
  readonly workMs: () => number;
  /** Whether a page may come in: `true`, or why not. Default: all may. */
  readonly admits?: (page: NodeInfo) => true | string;
}

/**
 * What answers the pages of an inspector: a small router beside the inspected one, so that its
 * peers, limits and events do not change.
 */
export class InspectService {
  readonly #own: Router;
  readonly #sampler: Sampler;

  constructor(router: InspectedRouter, options: InspectServiceOptions) {
    const { identity, transport, allow, clock, workMs, admits = () => true } = options;
    this.#sampler = new Sampler(router, allow === 'control', clock, workMs);
    this.#own = createRouter({
      identity,
      network: inspectNetwork,
      moniker: 'inspector',
      transports: [transport],
      peers: { maxConnected: pagesMax, maxUpgrading: 0, maxPeers: 2 * pagesMax },
      admit: { peer: ({ nodeInfo }) => admits(nodeInfo) },
      timeouts: { drainMs: 200 },
    });
    const service = calls(this.#own, {
      id: callsChannel,
      methods: inspectMethods,
      maxCalls: callsPerPageMax,
      inbound: block(32),
      outbound: block(updatesWaitingMax),
    });
    service.serve({
      watch: () => this.#sampler.updates(),
      command: ({ request }) => obey(router, allow === 'control', request),
    });
  }

  /** Lets pages in. */
  start(): Promise<void> {
    return this.#own.start();
  }

  /** Ends all updates and disconnects all pages. */
  async close(): Promise<void> {
    this.#sampler.close();
    await this.#own.stop();
  }
}
