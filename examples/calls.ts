/**
 * Two nodes in one process, over a WebSocket on loopback: one serves numbers, the other asks for
 * one, for many of them, and for one too many.
 *
 *     node --conditions=source --import tsx examples/calls.ts
 */
import { firstValueFrom, map } from 'rxjs';
import { createRouter, flowFrom, Identity, json } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { webSocket } from 'rxmesh/transports/websocket';

const service = {
  id: 1,
  methods: {
    square: { request: json<number>(), response: json<number>() },
    count: { request: json<number>(), response: json<number>() },
  },
};

await using server = createRouter({
  identity: await Identity.generate(),
  network: 'calls',
  transports: [webSocket({ listen: { host: '127.0.0.1', port: 0 } })],
});
calls(server, service).serve({
  square: ({ request: n }) => {
    if (n > 1000) throw new CallError('too-large', `${n} is larger than 1000`);
    return n * n;
  },
  // A number is counted when the caller wants it.
  count: ({ request: from }) => flowFrom(numbers(from)).pipe(map((n) => n * 10)),
});
await server.start();

await using client = createRouter({
  identity: await Identity.generate(),
  network: 'calls',
  transports: [webSocket()],
  peers: { persistent: [...server.addresses] },
});
const { square, count } = calls(client, service).methods;
await client.start();
await client.whenUp(server.id);

console.log(`the square of 12 is ${await firstValueFrom(square.call(server.id, 12))}`);

for await (const n of count.call(server.id, 5)) {
  console.log(`counts ${n}`);
  // Leaving the loop ends the count at the server.
  if (n === 70) break;
}

try {
  await firstValueFrom(square.call(server.id, 1001, { timeoutMs: 5_000 }));
} catch (error) {
  if (!(error instanceof CallError)) throw error;
  console.log(`${error.reason}: ${error.message}`);
}

function* numbers(from: number): Generator<number> {
  try {
    for (let n = from; ; n += 1) yield n;
  } finally {
    console.log('the server stops counting');
  }
}
