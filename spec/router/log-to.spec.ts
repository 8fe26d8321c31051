import { describe, expect, it } from '@jest/globals';
import { type Logger, logTo, type RouterEvent, RxmeshError } from '../../lib/index.ts';
import { parseNodeAddress } from '../../lib/model/address.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { byeText } from '../../lib/transport/bye-reason.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { nodeInfoOf } from '../support/mock-transport.ts';
import { identityOf } from '../support/mock-node.ts';

const peer = parseNodeId('045f5600654182cfeaccfe6cb19f0642e8a59898');
const remote = { protocol: 'ws', ip: '203.0.113.7', port: 4000 };
const error = new RxmeshError('RXMESH_DIAL_FAILED', 'connect ECONNREFUSED');
const second = new RxmeshError('RXMESH_DUPLICATE_CONNECTION', 'connected already');
const direction = 'outbound';

function recorder(): { readonly logger: Logger; readonly log: string[] } {
  const log: string[] = [];
  const at = (level: string) => (text: string) => void log.push(`${level} ${text}`);
  return {
    log,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

const dropped: RouterEvent = {
  type: 'message-dropped',
  direction,
  channel: 16,
  reason: 'lane-full',
  count: 3,
  peer,
};
const fatal: RouterEvent = { type: 'fatal', error };

/** One event of each type with its log line. */
const lines: readonly (readonly [RouterEvent, string])[] = [
  [
    {
      type: 'peer-up',
      peer,
      direction,
      remote,
      channels: [1],
      nodeInfo: nodeInfoOf(identityOf(2), { moniker: 'shop-1' }),
    },
    `info peer ${peer} (shop-1) is up, outbound, ws://203.0.113.7:4000`,
  ],
  [{ type: 'peer-down', peer, direction }, 'info peer 045f5600 is down'],
  [
    { type: 'peer-down', peer, direction, error },
    'warn peer 045f5600 is down: connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [
    { type: 'peer-channel', peer, channel: 3, open: false },
    'debug peer 045f5600 has closed channel 3',
  ],
  [
    { type: 'dial-failed', address: parseNodeAddress(`ws://${peer}@localhost:4000`), error },
    `warn dialing ws://${peer}@localhost:4000 failed: connect ECONNREFUSED [RXMESH_DIAL_FAILED]`,
  ],
  [
    { type: 'connection-refused', direction: 'inbound', remote, peer, error },
    'warn connection by peer 045f5600 refused (inbound, ws://203.0.113.7:4000): ' +
      'connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  // Two nodes that dial each other simultaneously: no trouble.
  [
    {
      type: 'dial-failed',
      address: parseNodeAddress(`ws://${peer}@localhost:4000`),
      error: second,
    },
    `info dialing ws://${peer}@localhost:4000 failed: connected already [RXMESH_DUPLICATE_CONNECTION]`,
  ],
  [
    { type: 'connection-refused', direction: 'inbound', remote, peer, error: second },
    'info connection by peer 045f5600 refused (inbound, ws://203.0.113.7:4000): ' +
      'connected already [RXMESH_DUPLICATE_CONNECTION]',
  ],
  [
    { type: 'transport-failed', transport: 'webSocket', error },
    'error webSocket failed: connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [dropped, 'warn 3 messages dropped, lane-full (outbound, channel 16, peer 045f5600)'],
  [
    {
      type: 'message-dropped',
      direction: 'inbound',
      channel: 1,
      reason: 'decode-failed',
      count: 1,
      error,
    },
    'warn 1 message dropped, decode-failed (inbound, channel 1): ' +
      'connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [
    { type: 'lane-stalled', peer, channel: 1, direction, stalled: true, depth: 12 },
    'warn the outbound lane of channel 1, peer 045f5600, is stalled, 12 waiting',
  ],
  [
    { type: 'lane-stalled', peer, channel: 1, direction, stalled: false, depth: 12 },
    'info the outbound lane of channel 1, peer 045f5600, is no longer stalled',
  ],
  [
    { type: 'recipient-awaited', channel: 1, peer, awaited: true },
    'debug sends on channel 1 wait for peer 045f5600',
  ],
  [
    { type: 'recipient-awaited', channel: 1, awaited: false },
    'debug sends on channel 1 no longer wait for any peer',
  ],
  [
    { type: 'peer-reported', peer, severity: 'ban', error },
    'warn peer 045f5600 was reported (ban): connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [
    { type: 'source-failed', channel: 1, error: new TypeError('no') },
    'error a source of channel 1 failed: no',
  ],
  [
    {
      type: 'source-failed',
      channel: 1,
      error: new RxmeshError('RXMESH_CALL_FAILED', 'the handler failed: no', { peer, channel: 1 }),
    },
    'error channel 1, peer 045f5600: the handler failed: no [RXMESH_CALL_FAILED]',
  ],
  [
    { type: 'source-failed', channel: 1, error: Object.create(null) as unknown },
    'error a source of channel 1 failed: something that has no text',
  ],
  [
    { type: 'consumer-failed', channel: 1, error },
    'error a consumer of channel 1 failed: connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [
    { type: 'callback-failed', callback: 'random', error },
    'error random failed: connect ECONNREFUSED [RXMESH_DIAL_FAILED]',
  ],
  [fatal, 'error the router failed and stops: connect ECONNREFUSED [RXMESH_DIAL_FAILED]'],
];

describe('logTo', () => {
  it.each(lines)('writes %p', (event, line) => {
    const { logger, log } = recorder();
    logTo(logger).next(event);
    expect(log).toEqual([line]);
  });

  it('escapes peer-supplied text so that it cannot control the terminal', () => {
    const { logger, log } = recorder();
    const forged = new RxmeshError('RXMESH_PEER_EVICTED', 'fine\n\u001b[2Jinfo all is well');
    logTo(logger).next({ type: 'peer-reported', peer, severity: 'note', error: forged });
    expect(log).toEqual([
      'info peer 045f5600 was reported (note): fine\\u000a\\u001b[2Jinfo all is well ' +
        '[RXMESH_PEER_EVICTED]',
    ]);
  });

  it('counts lines over the limit and logs the total at the end of the second', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { linesPerSecond: 2, clock });
    const down: RouterEvent = { type: 'peer-down', peer, direction };
    const failed: RouterEvent = { type: 'store-failed', error };
    for (const event of [down, down, failed, failed, down]) observer.next(event);
    expect(log).toEqual(['info peer 045f5600 is down', 'info peer 045f5600 is down']);
    clock.advance(999);
    expect(log).toHaveLength(2);
    clock.advance(1);
    expect(log.slice(2)).toEqual([
      'warn more events, not written one by one: 2 store-failed, 1 peer-down',
    ]);
    observer.next(down);
    expect(log.slice(3)).toEqual(['info peer 045f5600 is down']);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('always logs a fatal event, and logs the remaining count on completion', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { linesPerSecond: 1, clock });
    const down: RouterEvent = { type: 'peer-down', peer, direction };
    for (const event of [down, down, fatal]) observer.next(event);
    expect(log.map((line) => line.slice(0, 12))).toEqual(['info peer 04', 'error the ro']);
    observer.complete();
    expect(log.slice(2)).toEqual(['warn more events, not written one by one: 1 peer-down']);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('adds up drops of one kind for 10 s after the first', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { clock });
    const other: RouterEvent = { ...dropped, reason: 'peer-down', count: 1 };
    const line = 'messages dropped, lane-full (outbound, channel 16, peer 045f5600)';
    for (const event of [dropped, dropped, other, dropped]) observer.next(event);
    expect(log.splice(0)).toEqual([
      `warn 3 ${line}`,
      'warn 1 message dropped, peer-down (outbound, channel 16, peer 045f5600)',
    ]);
    clock.advance(9_999);
    expect(log).toEqual([]);
    clock.advance(1);
    expect(log.splice(0)).toEqual([`warn since then: 6 ${line}`]);
    clock.advance(5_000);
    observer.next(dropped);
    observer.next(other);
    // The other kind had not come for 10 s.
    expect(log.splice(0)).toHaveLength(1);
    clock.advance(5_000);
    expect(log.splice(0)).toEqual([`warn since then: 3 ${line}`]);
    observer.next(dropped);
    observer.complete();
    expect(log).toEqual([`warn since then: 3 ${line}`]);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('adds up nothing for more than 256 kinds at once, and forgets those that came once', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { clock, linesPerSecond: 1_000 });
    const all = Array.from({ length: 257 }, (_, channel) => ({ ...dropped, channel }));
    for (const event of [...all, ...all]) observer.next(event);
    // The last channel has no place, and is written both times.
    expect(log).toHaveLength(258);
    clock.advance(20_000);
    expect(log).toHaveLength(258 + 256);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('counts the reports of a peer for one fault', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { clock });
    const report: RouterEvent = { type: 'peer-reported', peer, severity: 'note', error };
    const line =
      'info peer 045f5600 was reported (note): connect ECONNREFUSED [RXMESH_DIAL_FAILED]';
    for (let reports = 0; reports < 4; reports += 1) observer.next(report);
    expect(log.splice(0)).toEqual([line]);
    observer.complete();
    expect(log).toEqual([line.replace('info', 'info since then, 3 times:')]);
  });

  it('does not write the report of a peer for the drop that it has just written', () => {
    const { logger, log } = recorder();
    const observer = logTo(logger, { clock: new VirtualClock() });
    observer.next({ ...dropped, direction: 'inbound', reason: 'decode-failed', error });
    observer.next({ type: 'peer-reported', peer, severity: 'note', error });
    expect(log).toHaveLength(1);
    observer.next({ type: 'peer-reported', peer, severity: 'disconnect', error });
    expect(log).toHaveLength(2);
  });

  it.each([
    ['done', 'info'],
    ['evicted', 'warn'],
  ] as const)('writes a peer that has left as %s at the level %s', (said, level) => {
    const { logger, log } = recorder();
    const left = new RxmeshError('RXMESH_CONNECTION_CLOSED', byeText(said, ''));
    logTo(logger).next({ type: 'peer-down', peer, direction, error: left });
    expect(log).toEqual([
      `${level} peer 045f5600 is down: the peer closed the connection (${said}) ` +
        '[RXMESH_CONNECTION_CLOSED]',
    ]);
  });

  it('begins every line with the prefix', () => {
    const clock = new VirtualClock();
    const { logger, log } = recorder();
    const observer = logTo(logger, { prefix: 'ann: ', linesPerSecond: 1, clock });
    const down: RouterEvent = { type: 'peer-down', peer, direction };
    for (const event of [down, down]) observer.next(event);
    observer.error(new Error('lost'));
    expect(log).toEqual([
      'info ann: peer 045f5600 is down',
      'warn ann: more events, not written one by one: 1 peer-down',
      'error ann: Error: lost',
    ]);
    expect(() => logTo(logger, { prefix: 5 } as never)).toThrow(
      new TypeError('logTo: prefix must be a string, got 5'),
    );
  });

  it('rejects an invalid logger and invalid options', () => {
    const { logger } = recorder();
    expect(() => logTo(undefined as never)).toThrow(
      new TypeError('logTo: logger must be an object with a method debug, got undefined'),
    );
    expect(() => logTo({ ...logger, warn: undefined } as never)).toThrow(
      new TypeError('logTo: logger.warn must be a function, got undefined'),
    );
    expect(() => logTo(logger, { linesPerSecond: 0 })).toThrow(
      new RangeError('logTo: linesPerSecond must be an integer of at least 1, got 0'),
    );
    expect(() => logTo(logger, { lines: 5 } as never)).toThrow(TypeError);
  });
});
