import { calls, type Service } from 'rxmesh/calls';
import {
  createRouter,
  Identity,
  type NodeId,
  parseNodeId,
  type Router,
  type RxmeshError,
} from 'rxmesh';
import { webSocket, type WebSocketDialOptions } from 'rxmesh/transports/websocket';
import { Picture } from '../../lib/inspect/picture.ts';
import {
  callsChannel,
  inspectMethods,
  type InspectMethods,
  inspectNetwork,
  meshPath,
  type Update,
} from '../../lib/inspect/view.ts';

/** What the page of an inspector is, without a browser: a peer that has the token. */
export class PagePeer {
  readonly router: Router;
  readonly inspector: NodeId;
  readonly service: Service<InspectMethods>;
  readonly address: string;

  private constructor(router: Router, inspector: NodeId, address: string) {
    this.router = router;
    this.inspector = inspector;
    this.address = address;
    this.service = calls(router, { id: callsChannel, methods: inspectMethods });
  }

  /** Reads the inspector's ID from its page, as a browser does. */
  static async at(
    url: string,
    { token, dial = {} }: { token?: string; dial?: WebSocketDialOptions } = {},
  ): Promise<PagePeer> {
    const { host, searchParams } = new URL(url);
    const html = await (await fetch(url)).text();
    const [, id = ''] = /data-inspector="(\w+)"/.exec(html) ?? [];
    const router = createRouter({
      identity: await Identity.generate(),
      network: inspectNetwork,
      version: token ?? searchParams.get('token') ?? '',
      transports: [webSocket({ dial })],
      timeouts: { drainMs: 1 },
    });
    return new PagePeer(router, parseNodeId(id), `ws://${id}@${host}${meshPath}`);
  }

  async connect(): Promise<void> {
    await this.router.start();
    await this.router.peers.dial(this.address);
  }

  /** Takes updates until one satisfies `holds`. Resolves to what a page would show then. */
  async until(holds: (update: Update, picture: Picture) => boolean): Promise<Picture> {
    const picture = new Picture();
    for await (const update of this.updates()) {
      picture.change(update);
      if (holds(update, picture)) return picture;
    }
    throw new Error('the updates ended');
  }

  updates() {
    return this.service.methods.watch.call(this.inspector, null);
  }

  /** The error with which its dial fails. */
  async refused(): Promise<RxmeshError> {
    await this.router.start();
    return this.router.peers.dial(this.address).then(
      () => Promise.reject(new Error('it was let in')),
      (error: unknown) => error as RxmeshError,
    );
  }
}
