import { concatMap, filter, lastValueFrom } from 'rxjs';
import { formatEndpoint, type Router, type RouterEvent, type RouterOptions } from '../../index.ts';
import { inspect } from '../../inspect/index.ts';
import { printable } from '../../model/quote.ts';
import { serveBench } from '../bench-service.node.ts';
import type { Command, Given } from '../command.node.ts';
import { listenPlace, nodeOptions, stopped, warnings, withNode } from '../node.node.ts';
import { printLine, styled, type Terminal } from '../terminal.node.ts';

/** `rxmesh listen`: a node that others can reach. */
export const listen: Command = {
  name: 'listen',
  summary: 'runs a node that others can dial, and shows who comes and goes',
  positionals: [],
  options: {
    port: {
      value: '[host:]port',
      short: 'p',
      text: 'where to listen; default 127.0.0.1, any free port',
    },
    ...nodeOptions,
    peer: { value: 'address', multiple: true, text: 'a node to stay connected with' },
    exchange: { text: 'takes part in peer exchange, on channel 0' },
    bench: { text: 'serves rxmesh bench, on channels 65534 and 65535' },
    inspect: { text: 'serves a page that shows what the node does, on this machine only' },
    json: { text: 'prints one JSON object per line' },
  },
  notes: [
    'The first line is the address of the node. To be reached from other machines, listen on all',
    'interfaces: --port 0.0.0.0:4000. With --inspect, the next line is the URL of a page, for a',
    'browser or for rxmesh inspect.',
  ],
  examples: [
    'rxmesh listen --port 4000 --key node_key.json',
    'rxmesh listen --port 0.0.0.0:4000 --exchange --json | jq .event',
  ],
  async run(given, terminal) {
    const { values } = given;
    const place = listenPlace('--port', values.text('port') ?? '0');
    const options: Partial<RouterOptions> = {
      peers: { persistent: values.all('peer') },
      peerExchange: values.has('exchange'),
    };
    await withNode(values, { ...options, listen: place }, async (router) => {
      if (values.has('bench')) serveBench(router);
      const shown = showEvents(router, given, terminal);
      await router.start();
      // From here on: a failure to start is reported once, at the end.
      warnings(router, terminal, ['peer-down']);
      // It closes when the router stops.
      const page = values.has('inspect') ? (await inspect(router)).url : undefined;
      for (const line of whereItIs(router, page, given)) await printLine(terminal, line);
      await stopped(terminal);
      await router.stop();
      await shown;
    });
  },
};

/** The first lines: where to dial the node, and where to look into it. */
function whereItIs(
  { id, addresses }: Router,
  page: string | undefined,
  { values }: Given,
): readonly string[] {
  const pages = page === undefined ? [] : [page];
  if (!values.has('json')) return [...addresses, ...pages];
  const [inspector] = pages;
  return [JSON.stringify({ event: 'listening', id, addresses, inspector })];
}

async function showEvents(router: Router, { values }: Given, terminal: Terminal): Promise<void> {
  const lineOf = values.has('json') ? asObject : asText(terminal);
  const lines$ = router.events$.pipe(
    filter(({ type }) => type === 'peer-up' || type === 'peer-down'),
    concatMap((event) => printLine(terminal, lineOf(event))),
  );
  await lastValueFrom(lines$, { defaultValue: undefined });
}

function asObject(event: RouterEvent): string {
  if (event.type === 'peer-up') {
    const { peer, direction, remote, nodeInfo, channels } = event;
    const { moniker } = nodeInfo;
    const where = formatEndpoint(remote);
    return JSON.stringify({ event: 'up', peer, direction, remote: where, moniker, channels });
  }
  if (event.type !== 'peer-down') return '';
  const { peer, direction, error } = event;
  return JSON.stringify({ event: 'down', peer, direction, ...(error && { code: error.code }) });
}

function asText(terminal: Terminal): (event: RouterEvent) => string {
  return (event) => {
    if (event.type === 'peer-up') {
      const { peer, direction, remote, nodeInfo } = event;
      const up = styled(terminal, 'output', 'green', 'up');
      const name = printable(nodeInfo.moniker);
      return `${up}    ${peer} ${name}, ${direction}, ${formatEndpoint(remote)}`;
    }
    if (event.type !== 'peer-down') return '';
    const { peer, error } = event;
    const down = styled(terminal, 'output', 'red', 'down');
    return `${down}  ${peer}${error === undefined ? '' : ` ${printable(error.message)}`}`;
  };
}
