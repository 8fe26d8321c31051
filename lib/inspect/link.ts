import { firstValueFrom } from 'rxjs';
import { calls, type Service } from '../calls/index.ts';
import {
  createRouter,
  Identity,
  type NodeId,
  parseNodeAddress,
  type Router,
  type RouterEvent,
  type Transport,
} from '../index.ts';
import {
  callsChannel,
  type Command,
  inspectMethods,
  type InspectMethods,
  inspectNetwork,
  type Update,
} from './view.ts';

/** How a page and its inspector are connected. */
export type LinkState =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  | { readonly name: 'lost'; readonly why: string }
  | { readonly name: 'refused'; readonly why: string };

/** What the link reports. */
export interface LinkHandlers {
  readonly state: (state: LinkState) => void;
  readonly begin: () => void;
  readonly update: (update: Update) => void;
}

/** Where a page finds its inspector. */
export interface LinkOptions {
  /** The address of the inspector. */
  readonly address: string;
  /** For reaching it from the node of that ID: the page's own. */
  readonly transport: (id: NodeId) => Transport;
  /** What lets the page in, if the inspector wants to be shown something. */
  readonly token?: string;
}

/** A page as a peer of its inspector, with an identity that is thrown away with the page. */
export class InspectorLink {
  readonly #router: Router;
  readonly #to: NodeId;
  readonly #service: Service<InspectMethods>;
  readonly #handlers: LinkHandlers;
  #isClosed = false;

  private constructor(router: Router, to: NodeId, handlers: LinkHandlers) {
    this.#router = router;
    this.#to = to;
    this.#handlers = handlers;
    this.#service = calls(router, { id: callsChannel, methods: inspectMethods });
  }

  static async open(options: LinkOptions, handlers: LinkHandlers): Promise<InspectorLink> {
    const { address, transport, token } = options;
    const identity = await Identity.generate();
    const router = createRouter({
      identity,
      network: inspectNetwork,
      moniker: 'page',
      // The handshake is encrypted, and comes before anything else that the inspector reads.
      ...(token !== undefined && { version: token }),
      transports: [transport(identity.id)],
      peers: {
        persistent: [address],
        retryMinMs: 250,
        retryJitterMs: 250,
        retryMaxPersistentMs: 2_000,
        disconnectCooldownMs: 250,
      },
      keepAlive: { intervalMs: 2_000, timeoutMs: 6_000 },
      timeouts: { drainMs: 200 },
    });
    const link = new InspectorLink(router, parseNodeAddress(address).id, handlers);
    link.#follow();
    await router.start();
    return link;
  }

  /** Resolves to what the page shows; rejects with what went wrong. */
  command(command: Command): Promise<string> {
    const answer$ = this.#service.methods.command.call(this.#to, command, { timeoutMs: 5_000 });
    return firstValueFrom(answer$);
  }

  /** Leaves the inspector. Nothing is reported any more. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#router.stop();
  }

  #follow(): void {
    this.#router.events$.subscribe((event) => {
      if (event.type === 'peer-up') void this.#watch();
      const problem = problemOf(event);
      if (problem !== undefined) this.#say(problem);
    });
  }

  /** Requests one update at a time, so that none pile up for a page that hangs. */
  async #watch(): Promise<void> {
    const { begin, update } = this.#handlers;
    begin();
    try {
      for await (const each of this.#service.methods.watch.call(this.#to, null)) {
        if (this.#isClosed) return;
        this.#say({ name: 'live' });
        update(each);
      }
      this.#say({ name: 'lost', why: 'The inspected router has stopped.' });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say({ name: 'lost', why: `The updates ended: ${why}` });
    }
  }

  #say(state: LinkState): void {
    if (!this.#isClosed) this.#handlers.state(state);
  }
}

/** What an event says against the link. */
function problemOf(event: RouterEvent): LinkState | undefined {
  const refused =
    event.type === 'connection-refused' ||
    (event.type === 'dial-failed' && event.error.code === 'RXMESH_PEER_REFUSED');
  if (refused) return { name: 'refused', why: event.error.message };
  if (event.type === 'peer-down') {
    return { name: 'lost', why: 'The connection was lost. The page keeps trying.' };
  }
  if (event.type === 'dial-failed') {
    return { name: 'lost', why: 'The inspector cannot be reached. The page keeps trying.' };
  }
  return undefined;
}
