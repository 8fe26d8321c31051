import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { Stage } from './stage.ts';

describe('a message that is withdrawn while its handler runs, over a broken connection', () => {
  it('may still be acknowledged', () => {
    const stage = new Stage({ latencyMs: 20 });
    stage.start();
    const done = new Subject<void>();
    stage.service(1).handle(() => done);
    // Its time is over between the OPEN and the RESUME of the next connection.
    stage.deliver(1, { timeoutMs: 190 });
    stage.net.advance(85);
    stage.net.sever(0, 1);
    stage.net.advance(300);
    done.complete();
    stage.net.advance(100);
    expect(stage.heard).toEqual(['190: 1 RXMESH_DELIVERY_TIMEOUT']);
    stage.deliver(2);
    stage.net.advance(100);
    expect(stage.heard.slice(1)).toEqual(['525: 2 is handled']);
    expect(stage.events('peer-reported', 0)).toEqual([]);
    stage.net.stop();
  });

  it('takes nothing of the window', () => {
    const stage = new Stage({ window: 2 });
    stage.start();
    const done = new Subject<void>();
    stage.service(1).handle(() => done);
    stage.deliver(1, { timeoutMs: 51 });
    stage.net.advance(50);
    stage.net.sever(0, 1);
    for (let n = 2; n <= 4; n += 1) stage.deliver(n);
    stage.net.advance(300);
    expect(stage.events('peer-reported', 1)).toEqual([]);
    done.complete();
    stage.net.advance(100);
    expect(stage.heard.slice(1).map((text) => text.split(': ')[1])).toEqual([
      '2 is handled',
      '3 is handled',
      '4 is handled',
    ]);
    stage.net.stop();
  });
});
