import { describe, expect, it } from '@jest/globals';
import type { DeliveryStore } from 'rxmesh/deliveries';
import { simulatedStore } from 'rxmesh/testing';
import { NEVER } from 'rxjs';
import { Stage } from './stage.ts';

describe('a store', () => {
  it('that never answers does not fill the memory with deliveries that were withdrawn', () => {
    const never: DeliveryStore = { ...simulatedStore(), batch: () => NEVER };
    const stage = new Stage({ stores: [never] });
    stage.start();
    for (let n = 0; n < 40_000; n += 1) stage.deliver(n).unsubscribe();
    expect(new Set(stage.heard.map((text) => text.split(' ')[2]))).toEqual(
      new Set(['RXMESH_STORE_FAILED']),
    );
    // A message and its withdrawal are two writes.
    expect(stage.heard.length).toBe(40_000 - 2 ** 15 - 1);
    stage.net.stop();
  });
});
