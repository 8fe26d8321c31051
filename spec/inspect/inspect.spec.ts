import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, timer } from 'rxjs';
import { Identity, json, type RouterEvent } from 'rxmesh';
import { inspect, type InspectOptions } from 'rxmesh/inspect';
import { readPage } from '../../lib/inspect/site.node.ts';
import { connected, counted, expectFlood, inspected, node, page } from './stage.ts';

describe('the page of an inspector', () => {
  it('is served to those who have the token', async () => {
    const url = await inspected(await node());
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('data-inspector=');
  });

  it.each(['', '?token=', '?token=wrong', `?token=${'x'.repeat(32)}`])(
    'is refused with a clear answer: %s',
    async (query) => {
      const { origin } = new URL(await inspected(await node()));
      const response = await fetch(`${origin}/${query}`);
      expect(response.status).toBe(403);
      const text = await response.text();
      expect(text).toContain('Wrong token');
      expect(text).not.toContain('data-inspector');
    },
  );

  it('is not served under a name that somebody made lead here (DNS rebinding)', async () => {
    const url = new URL(await inspected(await node()));
    const asked = request(url, { headers: { host: `evil.example:${url.port}` } }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(403);
    expect(readPage(await text(response))).toBe('wrong name');
  });

  it('says to programs which inspector it is of, or what is wrong', async () => {
    const url = await inspected(await node());
    const read = async (at: string) => readPage(await (await fetch(at)).text());
    expect(await read(url)).toEqual({ id: (await page(url)).inspector });
    expect(await read(url.replace(/token=.*/, 'token=other'))).toBe('wrong token');
    expect(await read(url.replace(/[?].*/, 'elsewhere'))).toBe(undefined);
  });

  it('has nothing else', async () => {
    const { origin } = new URL(await inspected(await node()));
    expect((await fetch(`${origin}/etc/passwd`)).status).toBe(404);
    expect((await fetch(origin, { method: 'POST' })).status).toBe(405);
  });
});

describe('a peer of an inspector', () => {
  it('with the wrong token is refused, and told why', async () => {
    const stranger = await page(await inspected(await node()), { token: 'x'.repeat(32) });
    const error = await stranger.refused();
    expect(error.code).toBe('RXMESH_PEER_REFUSED');
    expect(error.message).toContain('wrong token');
  });

  it('from a page of another origin is refused, even with the token', async () => {
    const dial = { headers: { origin: 'http://evil.example' } };
    const stranger = await page(await inspected(await node()), { dial });
    const error = await stranger.refused();
    expect(error.code).toBe('RXMESH_DIAL_FAILED');
    expect(error.message).toContain('403');
  });

  it('is not a peer of the inspected router, and no event of it', async () => {
    const router = await node();
    const events: RouterEvent[] = [];
    router.events$.subscribe((event) => events.push(event));
    await router.start();
    const watching = await connected(await inspected(router));
    await watching.until(() => true);
    expect(router.snapshot().peers).toEqual([]);
    expect(router.peers.list()).toEqual([]);
    expect(events).toEqual([]);
  });

  it('sees peers, channels, drops and events', async () => {
    const [one, two] = [await node(), await node()];
    const out = one.openChannel({ id: 1, codec: json<string>() });
    two.openChannel({ id: 1, codec: json<string>() }).in$.subscribe();
    await Promise.all([one.start(), two.start()]);
    const watching = await connected(await inspected(one));
    await one.peers.dial(`memory:${two.id}`);
    out.out.next({ to: two.id, message: 'hello' });
    out.out.next({ to: one.id, message: 'to myself' });
    const types: string[] = [];
    const { node: self, tables } = await watching.until(({ events }, picture) => {
      types.push(...events.map(({ type }) => type));
      const { peers, channels, drops } = picture.tables;
      const isAll = peers.size > 0 && channels.size > 0 && drops.size > 0;
      return types.includes('message-dropped') && isAll;
    });
    expect(self).toMatchObject({ id: one.id, mayControl: false });
    expect(tables.peers.get(two.id)).toMatchObject({ state: 'up', direction: 'outbound' });
    expect(tables.channels.get('1')).toMatchObject({ channel: 1, isConsumed: false, dropped: 1 });
    expect([...tables.drops.values()]).toMatchObject([{ channel: 1, reason: 'to-self', count: 1 }]);
    expect(types).toEqual(['peer-command', 'peer-up', 'message-dropped']);
  });

  it('sees a dial that failed, why, and when the next one is', async () => {
    const one = await node();
    await one.start();
    const watching = await connected(await inspected(one));
    const { id } = await Identity.generate();
    one.peers.add(`memory:${id}`);
    const picture = await watching.until(
      (_update, { tables }) => tables.peers.get(id)?.state === 'waiting',
    );
    const row = picture.tables.peers.get(id);
    expect(row).toMatchObject({ key: id, address: `memory:${id}`, failures: 1 });
    expect(row?.problem).toContain('memory');
    const [record] = one.peers.list();
    expect(row?.nextDialMs).toBe(record?.nextDialMs);
    expect(row?.nextDialMs).toBeGreaterThan(row?.lastDial?.atMs ?? Infinity);
  });
});

describe('the inspected router does not notice', () => {
  it('that nobody watches: it is not sampled', async () => {
    const { stand, counts } = counted(await node());
    await inspected(stand);
    await firstValueFrom(timer(250));
    expect(counts.snapshots).toBe(0);
  });

  // A larger one: inspect.slow.spec.ts.
  it('a flood of events: a page gets some of them, and the number of the rest', async () => {
    await expectFlood(2_000);
  });

  it('ends its inspector when it stops', async () => {
    const router = await node();
    await router.start();
    const { origin } = new URL(await inspected(router));
    await router.stop();
    await firstValueFrom(timer(50));
    await expect(fetch(origin)).rejects.toThrow();
    await expect(inspect(router)).rejects.toMatchObject({ code: 'RXMESH_STOPPED' });
  });
});

describe('commands of a page', () => {
  it('are refused by an inspector that only shows', async () => {
    const router = await node();
    const watching = await connected(await inspected(router));
    const asked = watching.service.methods.command.call(watching.inspector, {
      name: 'set-limits',
      maxConnected: 1,
    });
    await expect(firstValueFrom(asked)).rejects.toThrow("it needs the option allow: 'control'");
  });

  it('dial, disconnect, ban and limit with allow: control', async () => {
    const [one, two] = [await node(), await node()];
    await Promise.all([one.start(), two.start()]);
    const watching = await connected(await inspected(one, { allow: 'control' }));
    const { command } = watching.service.methods;
    const tell = (given: unknown) =>
      firstValueFrom(command.call(watching.inspector, given as never));
    await tell({ name: 'dial', address: `memory:${two.id}` });
    await one.whenUp(two.id);
    expect(await tell({ name: 'disconnect', peer: two.id })).toContain('being disconnected');
    expect(await tell({ name: 'ban', peer: two.id })).toBe('The peer is banned.');
    expect(one.peers.bans()).toMatchObject([{ id: two.id }]);
    expect(await tell({ name: 'unban', peer: two.id })).toBe('The ban is lifted.');
    expect(await tell({ name: 'set-limits', maxConnected: 3 })).toContain('At most 3');
    await expect(tell({ name: 'set-limits', maxConnected: -1 })).rejects.toThrow('maxConnected');
    await expect(tell({ name: 'dial', address: 'nowhere' })).rejects.toThrow('nowhere');
    await expect(tell({ name: 'ban', peer: 7 })).rejects.toThrow('peer must be a text');
    await expect(tell({ name: 'constructor' })).rejects.toThrow('no such command');
    await expect(tell('stop')).rejects.toThrow('a command must be an object');
  });
});

describe('options of inspect', () => {
  it.each([
    [{ token: 'short' }, 'token must be a text of 16 to 128'],
    [{ allow: 'all' }, "allow must be 'read' or 'control'"],
    [{ listen: { port: -1 } }, 'port must be an integer from 0 to 65535'],
    [{ listen: { host: '' } }, 'listen.host must be a name or an IP'],
    [{ listn: {} }, 'listn'],
  ])('rejects %p', async (options, text) => {
    await expect(inspect(await node(), options as InspectOptions)).rejects.toThrow(text);
  });

  it('needs a router', async () => {
    const text = 'inspect: router must be an object with a method snapshot, got undefined';
    await expect(inspect(undefined as never)).rejects.toThrow(new TypeError(text));
  });

  it('names the place when it cannot listen', async () => {
    const { port } = new URL(await inspected(await node()));
    const taken = inspect(await node(), { listen: { port: Number(port) } });
    await expect(taken).rejects.toMatchObject({ code: 'RXMESH_LISTEN_FAILED' });
    await expect(taken).rejects.toThrow(`127.0.0.1:${port}`);
  });
});
