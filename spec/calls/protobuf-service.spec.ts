import { describe, expect, it } from '@jest/globals';
import { calls, methodsOf, type MethodOptions } from 'rxmesh/calls';
import { parse } from 'rxmesh/protobufjs';
import { simulate } from 'rxmesh/testing';
import { EMPTY } from 'rxjs';
import { listening } from './stage.ts';

interface Sum {
  readonly a: number;
  readonly b: number;
}
interface Total {
  readonly value: number;
}

const { root } = parse(`syntax = "proto3";
  message Sum { int32 a = 1; int32 b = 2; }
  message Total { int32 value = 1; }
  service Adder { rpc Add (Sum) returns (Total); rpc None (Sum) returns (Total); }`);
const adder = root.lookupService('Adder');

describe('a service of protobufjs', () => {
  function pair() {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const methods = methodsOf<Record<'Add' | 'None', MethodOptions<Sum, Total>>>(adder);
    const open = (node: number) => calls(net.node(node).router, { id: 7, methods });
    const [asking, serving] = [open(0), open(1)];
    net.start();
    serving.serve({
      Add: ({ request: { a, b } }) => ({ value: a + b }),
      None: () => EMPTY,
    });
    return { net, asking, to: net.node(1).id, ...listening(net) };
  }

  it('has its methods and their types', () => {
    const { net, asking, to, heard, observer } = pair();
    expect(Object.keys(asking.methods)).toEqual(['Add', 'None']);
    asking.methods.Add.call(to, { a: 1, b: 2 }).subscribe({
      ...observer,
      next: ({ value }) => observer.next(value),
    });
    net.advance(20);
    expect(heard).toEqual(['10: 3', '10: |']);
    net.stop();
  });

  it('calls a peer by its own functions', async () => {
    const { net, asking, to } = pair();
    const stub = adder.create(asking.rpc(to)) as unknown as Record<
      string,
      (sum: Sum) => Promise<unknown>
    >;
    const total = stub['add']?.call(stub, { a: 4, b: 5 });
    const none = stub['none']?.call(stub, { a: 4, b: 5 });
    net.advance(20);
    await expect(total).resolves.toEqual({ value: 9 });
    await expect(none).rejects.toThrow('no elements in sequence');
    net.stop();
  });
});
