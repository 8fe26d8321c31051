import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { help, type Options, optionsFrom } from '../../scripts/simulate/options.ts';
import { plot } from '../../scripts/simulate/plot.ts';
import { exchangeRow, summary, tableRow } from '../../scripts/simulate/print.ts';
import { run } from '../../scripts/simulate/run.ts';

function options(line: string): Options {
  const read = optionsFrom(line.split(' ').filter((each) => each !== ''));
  if (read === undefined) throw new Error('help');
  return read;
}

const troubled = '--nodes 8 --minutes 0.2 --seed 4 --churn 2 --partitions 1 --rate 30';

describe('npm run simulate', () => {
  it('holds the invariants with churn and a partition, and prints what came of it', () => {
    const result = run(options(troubled));
    expect(result).toMatchObject({ nodes: 8, broken: undefined, pieces: 1 });
    const { sent, delivered, told, lost } = result.messages;
    expect(delivered).toBeGreaterThan(100);
    expect(sent).toBe(delivered + told + lost);
    expect(result.left).toBeGreaterThan(0);
    expect(summary(result)).toMatch(/^network +8 nodes, \d+ connections once it was up\n/);
    expect(summary(result)).toMatch(/^invariants +held$/m);
    expect(tableRow(result)).toMatch(/^\| 8 \| \d+ \| 0\.\d\d s \|/);
    const svg = plot(result.samples);
    expect(svg).toMatch(/^<svg [^>]*>\n[\s\S]*<\/svg>\n$/);
    expect(svg).toContain('>messages delivered per second<');
    expect(svg.match(/<polyline /g)).toHaveLength(5);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('holds the invariants while channels close and open again, with messages of many pieces', () => {
    const result = run(options(`${troubled} --close 10 --bytes 20000 --lane 8 --bandwidth 50000`));
    expect(result.broken).toBeUndefined();
    expect(result.closed).toBeGreaterThan(5);
    expect(result.messages.delivered).toBeGreaterThan(20);
    // Both ends report: the one that closed, and the one that had not heard of it yet.
    expect(result.drops['channel-closed']).toBeGreaterThan(0);
    expect(result.drops['channel-not-open']).toBeGreaterThan(0);
    expect(summary(result)).toMatch(/^channels closed and opened again +\d+$/m);
  });

  it('measures live memory at each minute', () => {
    const result = run(options('--nodes 3 --minutes 2 --memory'));
    expect(result.live.map(({ atMinutes }) => atMinutes)).toEqual([0, 1, 2]);
    for (const { liveMiB } of result.live) expect(liveMiB).toBeGreaterThan(1);
    expect(summary(result)).toMatch(/^live memory at each minute +\d+ \d+ \d+ MiB$/m);
    expect(summary(run(options('--nodes 3 --minutes 0')))).not.toContain('live memory');
  });

  it('connects nodes that know one address each by peer exchange', () => {
    const result = run(options('--nodes 8 --exchange --latency 60 --minutes 0 --vanish 0.2'));
    expect(result).toMatchObject({ broken: undefined, pieces: 1, links: 28 });
    expect(result.connectedMs).toBeLessThan(5_000);
    expect(result.healedMs).toBeLessThan(60_000);
    expect(exchangeRow(result)).toMatch(/^\| 8 \| \d\.\d\d s \| /);
  });

  it('connects them although only a few slots are free', () => {
    const result = run(options('--nodes 12 --exchange --max-connected 6 --minutes 0'));
    expect(result).toMatchObject({ broken: undefined, pieces: 1 });
    expect(result.connectedMs).toBeLessThan(120_000);
    // Each wants three peers.
    expect(result.links).toBeGreaterThanOrEqual(18);
  });

  it('gives the same result for the same seed', () => {
    const figures = (line: string): unknown => {
      const { up, all, memoryMiB, ...rest } = run(options(line));
      expect([up.realMs, all.processorMs, memoryMiB].every((each) => each > 0)).toBe(true);
      return rest;
    };
    const line = '--nodes 5 --minutes 0.05 --churn 4 --traffic unicast --rate 60 --latency 10-50';
    expect(figures(line)).toEqual(figures(line));
    expect(figures(line)).not.toEqual(figures(`${line} --seed 2`));
  });

  it('holds the invariants while nodes freeze and their dates are set', () => {
    const line = '--nodes 8 --minutes 0.5 --rate 60 --bandwidth 20000';
    const calm = run(options(line));
    const result = run(options(`${line} --freeze 6 --dates 6`));
    expect(result.broken).toBeUndefined();
    // As many as were asked for, 24 of each, beside the messages.
    expect(result.steps - calm.steps).toBeGreaterThan(45);
    const { sent, delivered, told, lost } = result.messages;
    expect(sent).toBe(delivered + told + lost);
    expect(delivered).toBeGreaterThan(500);
    // Frozen nodes are given up, and come back.
    expect(calm.drops).toEqual({});
    expect(Object.keys(result.drops)).toContain('peer-down');
    expect(result.peers.mean).toBeLessThan(calm.peers.mean);
    expect(result.pieces).toBe(1);
  });

  it('reads its options', () => {
    expect(optionsFrom(['--help'])).toBeUndefined();
    for (const name of Object.keys(options(''))) {
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const renamed = flag
        .replace(/^latency-ms$/, 'latency')
        .replace(/^bytes-per-second$/, 'bandwidth');
      expect(help).toContain(`--${renamed} `.trimEnd());
    }
    expect(options('--latency 7').latencyMs).toEqual([7, 7]);
    expect(options('--nodes 3').knows).toBe(2);
  });

  it.each([
    ['--nodes 0', '--nodes must be a whole number from 1 to 1000000, got 0'],
    ['--minutes x', '--minutes must be a number from 0 to 1000000, got x'],
    ['--latency 9-3', '--latency must be a number or a range such as 20-60, got 9-3'],
    ['--traffic some', '--traffic must be one of broadcast, unicast, pipe, none, got some'],
  ])('refuses %s', (line, problem) => {
    expect(() => options(line)).toThrow(problem);
  });

  it('prints one line for an option that is wrong, and exits with code 2', () => {
    const main = fileURLToPath(new URL('../../scripts/simulate/main.ts', import.meta.url));
    const execArgv = ['--conditions=source', '--import', 'tsx'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...execArgv, main, '--node', '5'],
      { encoding: 'utf8' },
    );
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^simulate: Unknown option '--node'.* \(see --help\)\n$/);
  });
});
