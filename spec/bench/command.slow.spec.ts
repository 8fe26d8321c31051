import { describe, expect, it } from '@jest/globals';
import { commandFrom, usageOf, type Offer } from '../../bench/command.ts';
import type { Comparable } from '../../bench/frame/against.ts';
import type { Measure } from '../../bench/frame/measure.ts';

function measure(name: string): Measure {
  const findings = { series: [], failures: [] };
  return {
    name,
    title: `What ${name} is`,
    about: '',
    charted: 'messages/s',
    run: () => Promise.resolve(findings),
  };
}

function comparable(of: string, name: string, contestant = 'rxmesh'): Comparable {
  const start = () => Promise.reject(new Error('nothing is to be started'));
  return { measure: of, case: name, contestant, first: 1, start };
}

const [small, large] = [comparable('throughput', '64 B'), comparable('throughput', '64 KiB')];
const operators = comparable('throughput', '64 B', 'rxmesh-operators');
const many = comparable('broadcast', '100 peers, memory');

const offer: Offer = {
  measures: ['throughput', 'broadcast', 'matrix'].map(measure),
  comparable: [small, large, operators, many],
};

function commandOf(...args: string[]) {
  return commandFrom(args, offer);
}

describe('commandFrom', () => {
  it('chooses all measures if none is named, for five rounds of 700 ms', () => {
    const command = commandOf();
    expect(command).toMatchObject({
      chosen: offer.measures,
      isPart: false,
      json: false,
      check: false,
      help: false,
      extent: { rounds: 5, roundsGiven: false, roundMs: 700, full: false },
    });
    expect(command.against).toBeUndefined();
  });

  it('chooses measures, contestants and cases that are named', () => {
    const { chosen, isPart, extent } = commandOf(
      ...['matrix', '--contestant', 'a', '--contestant', 'b', '--case', '64 B'],
    );
    expect(chosen.map(({ name }) => name)).toEqual(['matrix']);
    expect(isPart).toBe(true);
    expect(extent.isWanted('64 B', 'b')).toBe(true);
    expect(extent.isWanted('64 B', 'c')).toBe(false);
    expect(extent.isWanted('1 KiB', 'b')).toBe(false);
  });

  it.each([
    [['idle'], 'there is no measure idle'],
    [['--rounds', '0'], '--rounds is a whole number from 1 to 100, given 0'],
    [['--round-ms', '1.5'], '--round-ms is a whole number from 50 to 60000, given 1.5'],
    [['--check', 'matrix'], '--check chooses by itself'],
    [['--slow'], "Unknown option '--slow'"],
  ])('refuses %j', (args, message) => {
    expect(() => commandOf(...args)).toThrow(message);
  });
});

describe('commandFrom with --against', () => {
  const casesOf = (...args: string[]) => commandOf('--against', '../before', ...args).against;

  it('compares rxmesh in all cases if no measure is named', () => {
    expect(casesOf()).toEqual({ path: '../before', cases: [small, large, many] });
  });

  it('compares the cases of the measures that are named', () => {
    expect(casesOf('broadcast')?.cases).toEqual([many]);
    expect(casesOf('broadcast', 'throughput')?.cases).toEqual([small, large, many]);
  });

  it('compares only the cases and contestants that are named', () => {
    expect(casesOf('--case', '64 B')?.cases).toEqual([small]);
    expect(casesOf('--contestant', 'rxmesh-operators')?.cases).toEqual([operators]);
    expect(
      casesOf('--case', '64 B', '--contestant', 'rxmesh', '--contestant', 'rxmesh-operators')
        ?.cases,
    ).toEqual([small, operators]);
  });

  it('takes rounds and their length as other commands do', () => {
    const { extent, json } = commandOf(
      ...['--against', '../before', '--rounds', '3', '--round-ms', '200', '--json'],
    );
    expect(extent).toMatchObject({ rounds: 3, roundsGiven: true, roundMs: 200 });
    expect(json).toBe(true);
  });

  it.each([
    [['matrix'], '--against cannot compare matrix, only throughput, broadcast'],
    [['--full'], '--against cannot be combined with --check or --full'],
    [['--check'], '--against cannot be combined with --check or --full'],
    [['--rounds', '101'], '--rounds is a whole number from 1 to 100, given 101'],
    [['broadcast', '--case', '64 B'], "broadcast --case '100 peers, memory' --contestant rxmesh"],
    [['--contestant', 'libp2p'], '--against has no such case; it has these:'],
  ])('refuses %j', (args, message) => {
    expect(() => casesOf(...args)).toThrow(message);
  });

  it('refuses to go without a path', () => {
    expect(() => commandOf('--against')).toThrow(/--against <value>' argument missing/);
    expect(() => commandOf('--against', '--json')).toThrow(/'--against' argument is ambiguous/);
  });
});

describe('usageOf', () => {
  it('lists the measures, those that --against compares, and as which contestant', () => {
    const usage = usageOf(offer);
    expect(usage).toContain('\n  broadcast        What broadcast is\n');
    expect(usage).toMatch(/measures: throughput, broadcast;\n/);
    expect(usage).toMatch(/: rxmesh, rxmesh-operators\n/);
  });
});
