import { describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { Identity } from 'rxmesh';
import { measure, type MeterLike, timed, timedCalls } from 'rxmesh/metrics';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { codesIn, read, rowsOf } from '../docs/documents.ts';

/** The metrics that are made, with their kinds. */
async function made(): Promise<ReadonlyMap<string, string>> {
  const kinds = new Map<string, string>();
  const maker = (kind: string) => (name: string) => {
    kinds.set(name, kind);
    return { record: () => undefined };
  };
  const meter: MeterLike = {
    createHistogram: maker('histogram'),
    createObservableCounter: maker('counter'),
    createObservableUpDownCounter: maker('sum'),
    createObservableGauge: maker('gauge'),
    addBatchObservableCallback: () => undefined,
    removeBatchObservableCallback: () => undefined,
  };
  const { id } = await Identity.generate();
  const unused = (): never => {
    throw new Error('not collected here');
  };
  const router = { events$: NEVER, snapshot: unused, peers: { list: unused } };
  measure(router as never, { meter }).unsubscribe();
  timed(new MemoryNetwork().transport(id), { meter });
  timedCalls({ meter });
  return kinds;
}

describe('docs/operating.md', () => {
  it('has every metric, with its kind', async () => {
    const rows = rowsOf('docs/operating.md').filter(([first = '']) =>
      /^`r(?:xmesh|pc)\./.test(first),
    );
    const documented = rows.map(([name = '', kind = '']) => [codesIn(name)[0], kind]);
    expect(documented.sort()).toEqual([...(await made())].sort());
  });
});

describe('docs/grafana.json', () => {
  it('asks for metrics that exist, by their names in Prometheus, and leaves none out', async () => {
    const suffixes = { counter: '_total', histogram: '_bucket', sum: '', gauge: '' };
    const names = [...(await made())].map(([name, kind]) => {
      return name.replaceAll('.', '_') + suffixes[kind as keyof typeof suffixes];
    });
    const dashboard = JSON.parse(read('docs/grafana.json')) as {
      readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    };
    const asked = dashboard.panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => /\b(r(?:xmesh|pc)_\w+)\{/.exec(expr)?.[1]),
    );
    expect([...new Set(asked)].sort()).toEqual(names.sort());
  });
});
