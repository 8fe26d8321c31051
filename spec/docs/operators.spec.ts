import { describe, expect, it } from '@jest/globals';
import * as operators from 'rxmesh/operators';
import { read } from './documents.ts';

describe('docs/guide.md, pipelines', () => {
  it('names every operator', () => {
    const guide = read('docs/guide.md');
    const pipelines = guide.slice(guide.indexOf('\n## Pipelines\n'));
    const from = pipelines.indexOf('\nThese operators of');
    const tables = pipelines.slice(from, pipelines.indexOf('\nA player', from));
    const named = [...tables.matchAll(/`(\w+)[(`]/g)].map(([, name = '']) => name);

    expect(Object.keys(operators).filter((name) => !named.includes(name))).toEqual([]);
  });
});
