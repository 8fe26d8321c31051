import { formatNodeAddress } from '../model/address.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import { detailOf, RxmeshError } from '../model/error.ts';
import type { PeerCommand, RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { reasonOfReport } from '../model/peer-report.ts';
import { printable } from '../model/quote.ts';
import { isGoodbye } from '../transport/bye-reason.ts';

/** How serious an event is, as a log level. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An event as a log line. */
export interface EventLine {
  readonly level: LogLevel;
  readonly text: string;
}

type EventOf<Type extends RouterEvent['type']> = RouterEvent & { readonly type: Type };

type Lines = { readonly [Type in RouterEvent['type']]: (event: EventOf<Type>) => EventLine };

const lines: Lines = {
  'peer-up': ({ peer, direction, remote, nodeInfo }) =>
    info(`peer ${peer} (${nodeInfo.moniker}) is up, ${direction}, ${formatEndpoint(remote)}`),
  'peer-down': ({ peer, error }) => {
    if (error === undefined) return info(`peer ${short(peer)} is down`);
    const text = `peer ${short(peer)} is down: ${reason(error)}`;
    return isGoodbye(error) ? info(text) : warn(text);
  },
  'peer-channel': ({ peer, channel, open }) =>
    debug(`peer ${short(peer)} has ${open ? 'opened' : 'closed'} channel ${channel}`),
  'dial-failed': ({ address, error }) =>
    refused(error, `dialing ${formatNodeAddress(address)} failed: ${reason(error)}`),
  'connection-refused': ({ direction, remote, peer, error }) => {
    const who = peer === undefined ? '' : ` by peer ${short(peer)}`;
    const where = `${direction}, ${formatEndpoint(remote)}`;
    return refused(error, `connection${who} refused (${where}): ${reason(error)}`);
  },
  'identity-in-use': ({ direction, address, remote, error }) => {
    const where =
      address !== undefined ? formatNodeAddress(address) : remote && formatEndpoint(remote);
    return failure(
      `another node has this node's ID (${direction}, ${where ?? '?'}): ${reason(error)}`,
    );
  },
  'transport-failed': ({ transport, error }) => failure(`${transport} failed: ${reason(error)}`),
  'message-dropped': ({ direction, channel, reason: why, count, peer, error }) => {
    const who = peer === undefined ? '' : `, peer ${short(peer)}`;
    const cause = error === undefined ? '' : `: ${reason(error)}`;
    const messages = count === 1 ? '1 message' : `${count} messages`;
    return warn(`${messages} dropped, ${why} (${direction}, channel ${channel}${who})${cause}`);
  },
  'lane-stalled': ({ peer, channel, direction, stalled, depth }) => {
    const lane = `the ${direction} lane of channel ${channel}, peer ${short(peer)},`;
    if (!stalled) return info(`${lane} is no longer stalled`);
    return warn(`${lane} is stalled, ${depth} waiting`);
  },
  'recipient-awaited': ({ channel, peer, awaited }) => {
    const who = peer === undefined ? 'any peer' : `peer ${short(peer)}`;
    return debug(`sends on channel ${channel} ${awaited ? 'wait' : 'no longer wait'} for ${who}`);
  },
  'peer-reported': ({ peer, severity, error }) => {
    const why = reasonOfReport(peer, error) ?? reason(error);
    const text = `peer ${short(peer)} was reported (${severity}): ${why}`;
    return severity === 'note' ? info(text) : warn(text);
  },
  'peer-evicted': ({ peer, error }) => warn(`peer ${short(peer)} is evicted: ${reason(error)}`),
  'peer-command': ({ command }) => info(`the application: ${commandText(command)}`),
  'source-failed': ({ channel, error }) =>
    failure(`${failedPart(channel, error)}: ${textOf(error)}`),
  'consumer-failed': ({ channel, error }) =>
    failure(`a consumer of channel ${channel} failed: ${reason(error)}`),
  'callback-failed': ({ callback, error }) => failure(`${callback} failed: ${reason(error)}`),
  'store-failed': ({ error }) => failure(reason(error)),
  'store-record-skipped': ({ error }) => warn(`peer store: ${reason(error)}`),
  fatal: ({ error }) => failure(`the router failed and stops: ${reason(error)}`),
};

function commandText(command: PeerCommand): string {
  switch (command.name) {
    case 'add':
    case 'dial':
      return `${command.name} ${formatNodeAddress(command.address)}`;
    case 'disconnect':
    case 'remove':
      return `${command.name} peer ${short(command.peer)}`;
    case 'ban':
    case 'unban':
      return `${command.name} ${'ip' in command ? command.ip : `peer ${short(command.peer)}`}`;
    case 'set-persistent':
      return `peer ${short(command.peer)} is ${command.isPersistent ? 'now' : 'no longer'} persistent`;
    case 'set-limits':
      return `set limits ${JSON.stringify(command.limits)}`;
    case 'redial':
      return 'redial';
  }
}

/** Describes an event in one line of printable text. */
export function eventLine(event: RouterEvent): EventLine {
  const line = lines[event.type] as (event: RouterEvent) => EventLine;
  const { level, text } = line(event);
  return { level, text: printable(text) };
}

function debug(text: string): EventLine {
  return { level: 'debug', text };
}

function info(text: string): EventLine {
  return { level: 'info', text };
}

function warn(text: string): EventLine {
  return { level: 'warn', text };
}

/** Two nodes that dial each other simultaneously keep one connection: the other is no trouble. */
function refused({ code }: RxmeshError, text: string): EventLine {
  return code === 'RXMESH_DUPLICATE_CONNECTION' ? info(text) : warn(text);
}

function failure(text: string): EventLine {
  return { level: 'error', text };
}

function short(peer: NodeId): string {
  return peer.slice(0, 8);
}

function reason({ code, message }: RxmeshError): string {
  return `${message} [${code}]`;
}

/** The text of what a program threw: an error of rxmesh has a code, and others have none. */
function textOf(thrown: unknown): string {
  return thrown instanceof RxmeshError ? reason(thrown) : detailOf(thrown);
}

/** What has failed. An error about this channel comes from a service on it, and says so itself. */
function failedPart(channel: number, thrown: unknown): string {
  const { peer, channel: own } = thrown instanceof RxmeshError ? thrown : {};
  const who = peer === undefined ? '' : `, peer ${short(peer)}`;
  if (own === channel) return `channel ${channel}${who}`;
  return `a source of channel ${channel}${who && `${who},`} failed`;
}
