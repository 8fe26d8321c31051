import { argumentsFrom } from './options.ts';
import type { Result } from './run.ts';
import type { Shrunk } from './shrink.ts';

/** The result of a run as text. */
export function summary(result: Result): string {
  const { nodes, links, messages, peers, samples, up, all } = result;
  const lost = messages.lost === 0 ? '' : `, ${whole(messages.lost)} lost with connections`;
  const rows: [string, string][] = [
    ['network', `${whole(nodes)} nodes, ${whole(links)} connections once it was up`],
    ['connected as far as limits allow', time(result.connectedMs)],
    ['left and returned', whole(result.left)],
    ['channels closed and opened again', whole(result.closed)],
    ['connected again after all of that', time(result.recoveredMs)],
    ['connected again after some vanished', time(result.healedMs)],
    ['peers of a node, steady', `mean ${fixed(peers.mean)}, variance ${fixed(peers.variance)}`],
    ['peers at the end', range(samples.at(-1))],
    ['pieces at the end', whole(result.pieces)],
    ['messages', `${whole(messages.sent)} sent, ${whole(messages.delivered)} delivered${lost}`],
    ['drops', counts(result.drops)],
    ['futile dials', counts(result.futileDials)],
    ['invariants', result.broken === undefined ? 'held' : 'broken'],
    ['virtual time', seconds(result.virtualMs)],
    ['real time', `${seconds(all.realMs)}, of these ${seconds(up.realMs)} to come up`],
    [
      'processor time',
      `${seconds(all.processorMs)}, of these ${seconds(up.processorMs)} to come up`,
    ],
    ['memory', `${whole(result.memoryMiB)} MiB`],
    ...liveRows(result),
  ];
  return rows.map(([name, value]) => `${name.padEnd(37)}${value}`).join('\n');
}

/** What is left of a scenario that broke an invariant: its log, and how to repeat it. */
export function shrunkReport(before: Result, { options, result, runs }: Shrunk): string {
  const steps = options.only?.length ?? result.steps;
  const sizes = [
    `${whole(before.nodes)} to ${whole(result.nodes)} nodes`,
    `${whole(before.steps)} to ${whole(steps)} faults and messages`,
  ];
  return [
    `shrunk from ${sizes.join(', from ')}, in ${whole(runs)} runs`,
    result.broken,
    `to repeat it: npm run simulate -- ${argumentsFrom(options).join(' ')}`,
  ].join('\n');
}

/** The head of the table that `tableRow` fills. */
export const tableHead: string = [
  '| nodes | connections | connected after | to come up: real | processor | per connection | all: real, processor | memory |',
  '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
].join('\n');

/** A result as a row of a table in Markdown. */
export function tableRow(result: Result): string {
  const { nodes, links, connectedMs, up, all, memoryMiB } = result;
  const cells = [
    whole(nodes),
    whole(links),
    time(connectedMs),
    seconds(up.realMs),
    seconds(up.processorMs),
    `${fixed(up.processorMs / Math.max(1, links))} ms`,
    `${seconds(all.realMs)}, ${seconds(all.processorMs)}`,
    `${whole(memoryMiB)} MiB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The head of the table that `exchangeRow` fills. */
export const exchangeHead: string = [
  '| nodes | connected after | peers: mean, variance | recovered after | pieces | futile dials | of these duplicates | processor |',
  '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
].join('\n');

/** How well nodes found each other, as a row of a table in Markdown. */
export function exchangeRow(result: Result): string {
  const { nodes, connectedMs, healedMs, peers, pieces, futileDials, all } = result;
  const futile = Object.values(futileDials).reduce((sum, count) => sum + count, 0);
  const cells = [
    whole(nodes),
    time(connectedMs),
    `${fixed(peers.mean)}, ${fixed(peers.variance)}`,
    time(healedMs),
    whole(pieces),
    whole(futile),
    whole(futileDials['RXMESH_DUPLICATE_CONNECTION'] ?? 0),
    seconds(all.processorMs),
  ];
  return `| ${cells.join(' | ')} |`;
}

function liveRows({ live }: Result): [string, string][] {
  if (live.length === 0) return [];
  return [
    ['live memory at each minute', `${live.map((each) => whole(each.liveMiB)).join(' ')} MiB`],
  ];
}

function range(sample: Result['samples'][number] | undefined): string {
  if (sample === undefined) return '-';
  return `${sample.fewest} to ${sample.most}, mean ${fixed(sample.peers)}`;
}

function counts(each: Readonly<Record<string, number>>): string {
  const names = Object.entries(each).map(([name, count]) => `${name} ${whole(count)}`);
  return names.length === 0 ? 'none' : names.join(', ');
}

function time(ms: number | undefined): string {
  return ms === undefined ? 'not reached' : seconds(ms);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function fixed(value: number): string {
  return value.toFixed(2);
}
