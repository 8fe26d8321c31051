/**
 * The page of the inspector. It is a peer of the inspector's router, pulls updates from it, and
 * draws what it knows.
 */
import { webSocket } from '../../../transports/websocket/index.ts';
import { InspectorLink } from '../link.ts';
import { meshAddress } from '../view.ts';
import { Drawing } from './drawing.tsx';
import type { Model } from './model.ts';

const root = document.createElement('div');
root.id = 'app';
document.body.append(root);

let link: InspectorLink | undefined;
const { handlers } = new Drawing({
  root,
  command: (command) => link?.command(command) ?? Promise.reject(new Error('not connected yet')),
  onDrawn: (model) => {
    document.title = titleOf(model);
  },
});

function titleOf({ tables, node }: Model): string {
  const stalled = [...tables.stalls.values()].filter(({ kind }) => kind === 'stalled').length;
  const name = `rxmesh ${node?.id.slice(0, 8) ?? ''}`;
  return stalled === 0 ? name : `(${stalled} stalled) ${name}`;
}

async function start(): Promise<void> {
  link = await InspectorLink.open(
    {
      address: meshAddress(location, document.body.dataset['inspector'] ?? ''),
      token: new URLSearchParams(location.search).get('token') ?? '',
      transport: () => webSocket(),
    },
    handlers,
  );
}

start().catch((error: unknown) => {
  const why = error instanceof Error ? error.message : String(error);
  handlers.state({ name: 'refused', why });
});
