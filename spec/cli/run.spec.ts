import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, flowFrom, Identity, json, protobuf } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { parse } from 'rxmesh/protobufjs';
import { webSocket } from 'rxmesh/transports/websocket';
import { openBench } from '../../lib/cli/bench-service.node.ts';
import { until } from '../support/until.ts';
import { addressLine, masked, nowhere, outcome, Running, stopAll } from './terminal.ts';

const directory = mkdtempSync(`${tmpdir()}/rxmesh-cli-`);
afterEach(stopAll);
afterAll(() => rmSync(directory, { recursive: true }));

const proto = `
syntax = "proto3";
message Note { string text = 1; int64 at = 2; bytes raw = 3; }
message Sum { double a = 1; double b = 2; }
message Result { double sum = 1; }
service Adder { rpc Add (Sum) returns (Result); }
`;
const protoFile = `${directory}/note.proto`;
writeFileSync(protoFile, proto);

describe('help', () => {
  it.each([
    'id',
    'listen',
    'ping',
    'pub',
    'sub',
    'call',
    'peers',
    'inspect',
    'bench',
    'completion',
  ])('of %s', async (command) => {
    expect((await outcome(command, '--help')).output).toMatchSnapshot();
  });

  it('of the program, and its version', async () => {
    expect((await outcome('--help')).output).toMatchSnapshot();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const asked = new Running('--version');
    expect(await asked.ended).toBe(0);
    expect(asked.output).toBe(`${version}\n`);
  });

  it.each(['bash', 'zsh', 'fish'])('for %s, to complete commands and options', async (shell) => {
    expect((await outcome('completion', shell)).output).toMatchSnapshot();
  });
});

describe('what goes wrong', () => {
  it.each([
    ['no command', []],
    ['an unknown command', ['pnig']],
    ['an unknown option', ['ping', nowhere, '--cuont', '3']],
    ['an option of no command', ['--verbose']],
    ['an argument that is missing', ['ping']],
    ['an argument too many', ['id', 'a', 'b']],
    ['an option without its value', ['ping', nowhere, '--count']],
    ['a flag with a value', ['id', 'a', '--json=1']],
    ['a count that is not a number', ['ping', nowhere, '--count', 'none']],
    ['an interval of 0', ['ping', nowhere, '--interval', '0']],
    ['an address without an ID', ['ping', 'localhost:4000']],
    ['a channel above 65535', ['sub', '70000', nowhere]],
    ['nowhere to send', ['pub', '7']],
    ['two formats', ['sub', '7', nowhere, '--json', '--bytes']],
    ['a .proto file that is missing', ['sub', '7', nowhere, '--proto', 'no.proto', '--type', 'A']],
    ['a type that is missing', ['sub', '7', nowhere, '--proto', protoFile, '--type', 'Not']],
    ['a method that is missing', ['call', nowhere, 'Sub', '{}', '--proto', protoFile]],
    ['two formats of a call', ['call', nowhere, 'add', '1', '--text', '--bytes']],
    ['a type without its .proto file', ['call', nowhere, 'add', '1', '--type', 'Sum']],
    ['a message that is not JSON', ['pub', '7', nowhere, '--json', '-m', '{']],
    [
      'a field that is missing',
      ['pub', '7', nowhere, '--proto', protoFile, '--type', 'Note', '-m', '{"txt":1}'],
    ],
    ['a key file that is missing', ['listen', '--key', 'no.json']],
    ['a refused connection', ['ping', nowhere]],
    ['a shell that nobody knows', ['completion', 'tcsh']],
    ['no URL to inspect', ['inspect', 'localhost']],
    ['a node instead of its inspector', ['inspect', nowhere]],
    ['an inspector without its token', ['inspect', 'http://127.0.0.1:4000/']],
    ['a time to look of 0', ['inspect', 'http://127.0.0.1:4000/?token=a', '--seconds', '0']],
  ])('%s: one clear line, and a code', async (_, args) => {
    const { output, errors } = await outcome(...args);
    expect(output).toBe('');
    expect(errors.replaceAll(directory, '.')).toMatchSnapshot();
  });

  it('a port in use, another network, and a wrong ID', async () => {
    const node = new Running('listen');
    const address = await node.prints(addressLine);
    const [, port = ''] = /:(\d+)$/.exec(address) ?? [];
    expect((await outcome('listen', '--port', port)).errors).toMatchSnapshot();
    expect((await outcome('ping', address, '--network', 'other')).errors).toMatchSnapshot();
    const wrong = address.replace(/[0-9a-f]{40}/, 'f'.repeat(40));
    expect((await outcome('ping', wrong)).errors).toMatchSnapshot();
    expect((await outcome('bench', address)).errors).toMatchSnapshot();
    expect((await outcome('peers', address)).errors).toMatchSnapshot();
  });
});

describe('id', () => {
  it('makes a key file, and shows the same ID from then on', async () => {
    const file = `${directory}/key.json`;
    const missing = await outcome('id', file);
    expect(missing.errors).toContain(
      'does not exist: --create makes one [RXMESH_IDENTITY_FILE]\nexit 1',
    );
    const program = new Running('id', file, '--create');
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/^[0-9a-f]{40}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = new Running('id', file, '--json');
    expect(await again.ended).toBe(0);
    const { id } = JSON.parse(again.output) as { readonly id: string };
    expect(`${id}\n`).toBe(program.output);
  });
});

describe('listen, ping, peers and bench', () => {
  it('work with each other, and listen shows who comes and goes', async () => {
    const first = new Running('listen', '--exchange', '--bench');
    const address = await first.prints(addressLine);
    const second = new Running('listen', '--exchange', '--peer', address, '--json');
    const json = JSON.parse(await second.prints(/^(\{.*\})$/m)) as { addresses: string[] };
    await second.prints(/"event":"up"/);

    const pinged = new Running('ping', address, '--count', '2', '--interval', '0.01');
    expect(await pinged.ended).toBe(0);
    expect(masked(pinged.output)).toMatchSnapshot();
    expect(pinged.errors).toBe('');
    const asked = new Running('peers', address);
    expect(await asked.ended).toBe(0);
    expect(asked.output).toBe(`${json.addresses[0] ?? ''}\n`);
    const measured = new Running('bench', address, '--seconds', '0.05', '--json');
    expect(await measured.ended).toBe(0);
    const figures = JSON.parse(measured.output) as Record<string, number>;
    expect(Object.keys(figures)).toMatchSnapshot();
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);

    expect(await second.stop()).toBe(0);
    await first.prints(/^down .*closed/m);
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(first.output).toMatch(/^ws.*\nup {4}[0-9a-f]{40} [0-9a-f]{8}, inbound, ws:/);
  });
});

describe('Ctrl-C', () => {
  it.each([
    ['a request', ['call', nowhere, 'add']],
    ['a token', ['inspect', 'http://127.0.0.1:4000/', '--token-stdin']],
  ])('ends a command that reads %s from stdin, or begins to', async (_, args) => {
    const early = new Running(...args);
    expect([await early.stop(), early.output, early.errors]).toEqual([130, '', '']);
    const program = new Running(...args);
    program.input.write('\n');
    await until(() => program.input.readableLength === 0);
    expect([await program.stop(), program.output, program.errors]).toEqual([130, '', '']);
  });
});

describe('a node that stops instead of answering', () => {
  const bench = ['bench', '--seconds', '0.02'];
  it.each([
    ['bench, while it sends', ['bench', '--seconds', '60'], 'sink', () => true],
    ['bench, at its last message', bench, 'sink', (length: number) => length === 0],
    ['bench, in a round trip', bench, 'echo', () => true],
    ['peers', ['peers', '--channel', '65535'], 'echo', () => true],
  ])('ends %s', async (_, [command = '', ...more], channel, isLast) => {
    const router = createRouter({
      identity: await Identity.generate(),
      network: 'rxmesh',
      transports: [webSocket({ listen: { host: '127.0.0.1' } })],
    });
    for (const [id, opened] of Object.entries(openBench(router))) {
      opened.in$.subscribe(({ message, from }) => {
        if (id === channel && isLast(message.length)) void router.stop();
        else if (message.length === 0) void opened.sendOnce({ to: from, message });
      });
    }
    await router.start();
    const { output, errors } = await outcome(command, router.addresses[0] ?? '', ...more);
    expect(output).toBe('');
    await router.stop();
    expect(errors.split('\n').slice(-2)).toEqual([
      'rxmesh: the node has disconnected: the peer closed the connection (done) [RXMESH_PEER_DOWN]',
      'exit 1',
    ]);
  });
});

describe('inspect', () => {
  // Of nodes: run.slow.spec.ts.
  it('gives up on a server that does not answer, and stops when it is stopped', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/?token=any`;
    try {
      const late = await outcome('inspect', url, '--timeout', '0.2');
      expect(late.errors).toMatchSnapshot();
      const stopped = new Running('inspect', url);
      expect(await stopped.stop()).toBe(130);
    } finally {
      silent.close();
    }
  });
});

describe('pub and sub', () => {
  it.each([
    ['lines', [], 'one\ntwo\n\nthree\n', 'one\ntwo\n\nthree\n', '4'],
    ['JSON', ['--json'], '{"a": 1}\n[2]\n', '{"a":1}\n[2]\n', '2'],
    ['bytes', ['--bytes'], 'a\u0000b\nc', 'a\u0000b\nc', '1'],
    [
      'protobuf',
      ['--proto', protoFile, '--type', 'Note'],
      '{"text":"hi","at":"9007199254740993","raw":"AQI="}\n',
      '{"text":"hi","at":"9007199254740993","raw":"AQI="}\n',
      '1',
    ],
  ])('carry %s from pipe to pipe', async (_, format, sent, received, count) => {
    const sub = new Running('sub', '0x7', '--listen', '0', '--count', count, ...format);
    const address = await sub.prints(addressLine);
    const pub = new Running('pub', '7', address, ...format);
    pub.input.end(sent);
    expect(await Promise.all([pub.ended, sub.ended])).toEqual([0, 0]);
    expect(sub.output).toBe(received);
    expect(pub.output).toBe('');
  });

  it('stop: sub with 0, pub with 130, and quietly when nobody reads', async () => {
    const sub = new Running('sub', '7', '--listen', '0');
    const address = await sub.prints(addressLine);
    const pub = new Running('pub', '7', address);
    pub.input.write('one\n');
    await sub.prints(/^one$/m);
    expect(await pub.stop()).toBe(130);
    expect(pub.errors).toBe('');
    expect(await sub.stop('output closed')).toBe(0);
  });
});

describe('call', () => {
  it('prints every answer, and an error with its code', async () => {
    const router = createRouter({
      identity: await Identity.generate(),
      network: 'calls',
      transports: [webSocket({ listen: { host: '127.0.0.1' } })],
    });
    const { root } = parse(proto);
    const { Sum, Result } = { Sum: root.lookupType('Sum'), Result: root.lookupType('Result') };
    const add = { request: protobuf<{ a: number; b: number }>(Sum), response: protobuf(Result) };
    calls(router, { id: 2, methods: { Add: add } }).serve({
      Add: ({ request: { a, b } }) => ({ sum: a + b }),
    });
    const count = { request: json<number>(), response: json<number>() };
    calls(router, { id: 1, methods: { count } }).serve({
      count: ({ request }) => {
        if (request < 0) throw new CallError('negative', 'cannot count to it');
        return flowFrom(Array.from({ length: request }, (_, i) => i));
      },
    });
    await router.start();
    const [address = ''] = router.addresses;
    const network = ['--network', 'calls'];
    const call = (...args: readonly string[]) => outcome('call', ...network, address, ...args);
    try {
      expect(await call('count', '3')).toEqual({ output: '0\n1\n2\n', errors: 'exit 0' });
      const protobufCall = await call(
        'Add',
        '{"a":1,"b":2}',
        '--proto',
        protoFile,
        '--channel',
        '2',
      );
      expect(protobufCall).toEqual({ output: '{"sum":3}\n', errors: 'exit 0' });
      const failed = await call('count', '--', '-1');
      expect(failed.errors).toBe(
        'rxmesh: cannot count to it (negative) [RXMESH_CALL_FAILED]\nexit 1',
      );
      expect((await call('cuont', '1')).errors).toMatch(/\[RXMESH_METHOD_UNKNOWN\]\nexit 1$/);
    } finally {
      await router.stop();
    }
  });
});
