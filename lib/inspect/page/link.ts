import { firstValueFrom } from 'rxjs';
import { calls, type Service } from '../../calls/index.ts';
import { createRouter, Identity, type NodeId, parseNodeId, type Router } from '../../index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import {
  callsChannel,
  type Command,
  inspectMethods,
  type InspectMethods,
  inspectNetwork,
  meshAddress,
  type Update,
} from '../view.ts';
import type { LinkState } from './model.ts';

/** What the link reports. */
export interface LinkHandlers {
  readonly state: (state: LinkState) => void;
  readonly begin: () => void;
  readonly update: (update: Update) => void;
}

/** The page as a peer of its inspector, with an identity that is thrown away with the page. */
export class InspectorLink {
  readonly #router: Router;
  readonly #to: NodeId;
  readonly #service: Service<InspectMethods>;
  readonly #handlers: LinkHandlers;

  private constructor(router: Router, to: NodeId, handlers: LinkHandlers) {
    this.#router = router;
    this.#to = to;
    this.#handlers = handlers;
    this.#service = calls(router, { id: callsChannel, methods: inspectMethods });
  }

  /**
   * @param id the ID of the inspector
   * @param token what lets this page in
   */
  static async open(id: string, token: string, handlers: LinkHandlers): Promise<InspectorLink> {
    const router = createRouter({
      identity: await Identity.generate(),
      network: inspectNetwork,
      moniker: 'page',
      // The handshake is encrypted, and comes before anything else that the inspector reads.
      version: token,
      transports: [webSocket()],
      peers: {
        persistent: [meshAddress(location, id)],
        retryMinMs: 250,
        retryJitterMs: 250,
        retryMaxPersistentMs: 2_000,
        disconnectCooldownMs: 250,
      },
      keepAlive: { intervalMs: 2_000, timeoutMs: 6_000 },
    });
    const link = new InspectorLink(router, parseNodeId(id), handlers);
    link.#follow();
    await router.start();
    return link;
  }

  /** Resolves to what the page shows; rejects with what went wrong. */
  command(command: Command): Promise<string> {
    const answer$ = this.#service.methods.command.call(this.#to, command, { timeoutMs: 5_000 });
    return firstValueFrom(answer$);
  }

  #follow(): void {
    const { state } = this.#handlers;
    this.#router.events$.subscribe((event) => {
      if (event.type === 'peer-up') void this.#watch();
      if (event.type === 'peer-down') {
        state({ name: 'lost', why: 'The connection was lost. The page keeps trying.' });
      }
      if (event.type === 'dial-failed') {
        state({ name: 'lost', why: 'The inspector cannot be reached. The page keeps trying.' });
      }
      if (event.type === 'connection-refused') {
        state({ name: 'refused', why: event.error.message });
      }
    });
  }

  /** Requests one update at a time, so a page that hangs gets no more. */
  async #watch(): Promise<void> {
    const { state, begin, update } = this.#handlers;
    begin();
    try {
      for await (const each of this.#service.methods.watch.call(this.#to, null)) {
        state({ name: 'live' });
        update(each);
      }
      state({ name: 'lost', why: 'The inspected router has stopped.' });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      state({ name: 'lost', why: `The updates ended: ${why}` });
    }
  }
}
