import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { AbstractLevel } from 'abstract-level';
import type { BrowserLevel } from 'browser-level';
import { ClassicLevel } from 'classic-level';
import { MemoryLevel } from 'memory-level';
import { lastValueFrom } from 'rxjs';
import { type Banned, PeerManager, type PeerStore, systemClock } from '../../../lib/index.ts';
import { at, id, self } from '../fixture.ts';

/** What compiles: every database is a store, whatever its format and encodings. */
export const stores = (
  any: AbstractLevel<string | Buffer | Uint8Array>,
  browser: BrowserLevel,
  json: MemoryLevel<Uint8Array, object>,
): readonly PeerStore[] => [any, browser, json, any.sublevel('peers')];

const managerOf = (store: PeerStore): PeerManager =>
  new PeerManager({ self, store, clock: systemClock, random: () => 0 });

const done = (work: ReturnType<PeerManager['load']>): Promise<void> =>
  lastValueFrom(work, { defaultValue: undefined });

/** Saves two peers and two bans, and returns what another manager reads. */
async function roundTrip(store: PeerStore): Promise<readonly string[]> {
  const first = managerOf(store);
  await done(first.load());
  first.add(at('a'));
  first.add(at('b', 'höst.example'));
  first.ban({ id: id('c') });
  first.ban({ ip: '203.0.113.0/24' });
  await done(first.save());
  first.close();
  const second = managerOf(store);
  await done(second.load());
  const known = second.peers().map(({ id: peer, addresses: [address] }) => {
    return `${peer.slice(0, 1)} at ${address?.host ?? ''}`;
  });
  const bans = second.bans().map((banned: Banned) => {
    return 'id' in banned ? `not ${banned.id.slice(0, 1)}` : `not ${banned.ip}`;
  });
  second.close();
  return [...known, ...bans].sort();
}

const same = ['a at host-a', 'b at höst.example', 'not 203.0.113.0/24', 'not c'];

describe('databases as stores', () => {
  it('MemoryLevel, beside the keys of the application', async () => {
    const database = new MemoryLevel<string, { mine: number }>({ valueEncoding: 'json' });
    await database.put('rxmesh', { mine: 1 });
    expect(await roundTrip(database)).toEqual(same);
    expect(await database.get('rxmesh')).toEqual({ mine: 1 });
    expect(await database.keys().all()).toHaveLength(5);
  });

  it('a sublevel: two nodes share a database', async () => {
    const database = new MemoryLevel();
    expect(await roundTrip(database.sublevel('one'))).toEqual(same);
    const other = managerOf(database.sublevel('other'));
    await done(other.load());
    expect([other.peers(), other.bans()]).toEqual([[], []]);
    other.close();
  });

  it('ClassicLevel, which is opened but not closed, and may be locked by another', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rxmesh-'));
    const database = new ClassicLevel(join(directory, 'peers'));
    try {
      expect(await roundTrip(database)).toEqual(same);
      expect(database.status).toBe('open');
      const locked = managerOf(new ClassicLevel(database.location));
      const events: string[] = [];
      locked.storeEvents$.subscribe(({ error }) => events.push(error.message));
      await done(locked.load());
      locked.close();
      expect(events).toEqual([
        expect.stringMatching(/^the peer store could not be opened: IO error: lock .*LOCK/),
      ]);
    } finally {
      await database.close();
      await rm(directory, { recursive: true });
    }
  });

  it('one that the application closes too early: it is not opened again', async () => {
    const database = new MemoryLevel();
    const manager = managerOf(database);
    const events: string[] = [];
    manager.storeEvents$.subscribe(({ error }) => events.push(error.message));
    await done(manager.load());
    await database.close();
    manager.add(at('a'));
    await done(manager.save());
    manager.close();
    expect(events).toEqual(['the peer store could not be written: Database is not open']);
    expect(database.status).toBe('closed');
  });
});
